// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import java.util.Optional;

/**
 * The values of a format's codes as whole multiples of a step: {@code value(code) = step * (index -
 * zeroIndex)}.
 *
 * @param step the spacing, a power of two times a whole number
 * @param zeroIndex the index of value 0, which need not be a level
 * @param index for each code its index, from 0
 * @param largest the largest index
 */
record LevelGrid(float step, int zeroIndex, int[] index, int largest) {
  /** Finer grids than this have no use here. */
  private static final int MOST = 255;

  /**
   * Finds the grid of a format.
   *
   * @param values what each code stands for
   * @return the grid, or empty if the levels are not multiples of a step, are more than 255 steps
   *     apart, or some code is no number
   */
  static Optional<LevelGrid> of(float[] values) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    float smallest = Float.POSITIVE_INFINITY;
    for (int code = 0; code < values.length; code++) {
      float value = values[code];
      if (!Float.isFinite(value)) {
        return Optional.empty();
      }
      low = Math.min(low, value);
      high = Math.max(high, value);
      if (value != 0) {
        smallest = Math.min(smallest, Math.abs(value));
      }
    }
    // The step is the smallest magnitude, or a fraction of it: 0.5 for the levels 1 and 1.5.
    for (int part = 1; part <= 8; part *= 2) {
      float step = smallest / part;
      double first = Math.rint(low / step);
      double span = Math.rint(high / step) - first;
      if (span > MOST || !isGrid(values, step)) {
        continue;
      }
      int[] index = new int[values.length];
      for (int code = 0; code < values.length; code++) {
        index[code] = (int) (Math.rint(values[code] / step) - first);
      }
      return Optional.of(new LevelGrid(step, (int) -first, index, (int) span));
    }
    return Optional.empty();
  }

  private static boolean isGrid(float[] values, float step) {
    for (float value : values) {
      if ((float) (Math.rint(value / step) * step) != value) {
        return false;
      }
    }
    return true;
  }
}
