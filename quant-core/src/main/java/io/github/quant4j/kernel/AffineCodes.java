// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import java.util.Optional;

/**
 * A format whose values are the integers {@code factor * code - offset}: all integer formats, and
 * code books of equally spaced integers such as binary, ternary or five levels.
 *
 * @param factor the distance of neighbouring values, at least 1
 * @param offset what code 0 stands for, negated
 * @param maximumCode the largest code
 */
public record AffineCodes(int factor, int offset, int maximumCode) {
  private static final int LARGEST_VALUE = 128;

  /**
   * Finds the form of a format.
   *
   * @param format any format
   * @return the form, or empty if the values are not such integers, or exceed 128 in magnitude
   */
  public static Optional<AffineCodes> of(NumberFormat format) {
    return switch (format) {
      case IntegerFormat integer ->
          Optional.of(new AffineCodes(1, integer.offset(), 2 * integer.offset() - 1));
      case Codebook codebook -> of(codebook.levels());
      default -> Optional.empty();
    };
  }

  private static Optional<AffineCodes> of(float[] levels) {
    float step = levels[1] - levels[0];
    for (int i = 0; i < levels.length; i++) {
      boolean onGrid = levels[i] == levels[0] + i * step && levels[i] == Math.rint(levels[i]);
      if (!onGrid || Math.abs(levels[i]) > LARGEST_VALUE) {
        return Optional.empty();
      }
    }
    return Optional.of(new AffineCodes((int) step, (int) -levels[0], levels.length - 1));
  }

  /**
   * The value of a code.
   *
   * @param code from 0
   * @return {@code factor * code - offset}
   */
  public int value(int code) {
    return factor * code - offset;
  }

  /**
   * The largest magnitude of a value.
   *
   * @return from 1 to 128
   */
  public int largestMagnitude() {
    return Math.max(Math.abs(value(0)), Math.abs(value(maximumCode)));
  }
}
