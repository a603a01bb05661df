// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

/**
 * Rotary position embeddings of a layer (arXiv:2104.09864).
 *
 * @param width the channels of a head that are rotated, the first ones; even, and at most as many
 *     as the head has: the others are left alone
 * @param theta the base of the wavelengths, greater than 0
 * @param scaling how the frequencies are changed
 * @param pairing which channels are rotated together
 */
public record Rotary(int width, double theta, RotaryScaling scaling, Pairing pairing) {

  /** Which two channels make a pair. */
  public enum Pairing {
    /** A channel of the first half of the rotated ones with its counterpart in the second half. */
    HALVES,
    /** The same, turned the other way. */
    HALVES_BACKWARD,
    /** Neighbours: the first with the second, the third with the fourth. */
    INTERLEAVED
  }

  /**
   * Checks that the parts fit each other.
   *
   * @throws IllegalArgumentException if they do not
   */
  public Rotary {
    if (width < 2 || width % 2 != 0) {
      throw new IllegalArgumentException(
          "width: expected an even number of channels, at least 2, found " + width);
    }
    if (!(theta > 0 && theta < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("theta: expected a positive number, found " + theta);
    }
    switch (scaling) {
      case RotaryScaling.Dynamic _, RotaryScaling.Stretched _ -> {
        if (width == 2) {
          throw new IllegalArgumentException(
              "width: expected more than 2 channels for a base that is stretched, found " + width);
        }
      }
      case RotaryScaling.Yarn _ -> {
        if (theta <= 1) {
          throw new IllegalArgumentException(
              "theta: expected more than 1 for YaRN, found " + theta);
        }
      }
      case RotaryScaling.LongRope longRope -> {
        requireFactors("shortFactors", longRope.shortFactors().size(), width);
        requireFactors("longFactors", longRope.longFactors().size(), width);
      }
      case RotaryScaling.None _, RotaryScaling.Linear _, RotaryScaling.Llama3 _ -> {}
    }
  }

  private static void requireFactors(String name, int found, int width) {
    if (found != width / 2) {
      throw new IllegalArgumentException(
          name + ": expected one for each of " + width / 2 + " channel pairs, found " + found);
    }
  }
}
