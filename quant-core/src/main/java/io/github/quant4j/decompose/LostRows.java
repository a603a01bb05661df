// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Locale;
import java.util.Optional;

/** Rows of weights so small that scales cannot follow them, which a report should name. */
final class LostRows {
  /** Scales of 8 bits below such magnitudes are subnormal in binary32 and bfloat16. */
  private static final float SMALLEST_USUAL = 0x1p-118f;

  private LostRows() {}

  /** A line for the report, or empty if all rows are what they were fitted to be. */
  static Optional<String> note(FloatMatrix weights, FloatMatrix fitted) {
    int columns = weights.columns();
    int rows = 0;
    int first = 0;
    float largest = 0;
    double error = 0;
    double power = 0;
    for (int row = 0; row < weights.rows(); row++) {
      float magnitude = magnitude(weights, row);
      if (magnitude > 0 && (magnitude < SMALLEST_USUAL || magnitude(fitted, row) == 0)) {
        first = rows == 0 ? row : first;
        rows++;
        largest = Math.max(largest, magnitude);
        for (int i = row * columns; i < (row + 1) * columns; i++) {
          double weight = weights.data()[i];
          error += (fitted.data()[i] - weight) * (fitted.data()[i] - weight);
          power += weight * weight;
        }
      }
    }
    return rows == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%d of %d rows (the first is %d) have no weight above %.3g, too small for the"
                    + " scales or types they are stored with: about zero, relative error %.3g",
                rows,
                weights.rows(),
                first,
                largest,
                error / power));
  }

  private static float magnitude(FloatMatrix matrix, int row) {
    float largest = 0;
    for (int i = row * matrix.columns(); i < (row + 1) * matrix.columns(); i++) {
      largest = Math.max(largest, Math.abs(matrix.data()[i]));
    }
    return largest;
  }
}
