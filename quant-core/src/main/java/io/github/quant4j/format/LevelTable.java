// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.format;

import java.util.Arrays;

/**
 * The levels of a format in ascending order with the thresholds between them: rounding by a few
 * comparisons, the same for every format.
 *
 * <p>For every finite value it finds the level that {@link NumberFormat#nearest} finds, ties
 * included; where a format has two codes for zero, it uses the positive one. Immutable and
 * thread-safe.
 */
public final class LevelTable {
  private final float[] levels;
  private final int[] codes;

  /**
   * Threshold {@code i} is the largest value that does not belong to level {@code i + 1}; filled up
   * with infinities to one less than a power of two, so that a search takes the same steps always.
   */
  private final float[] thresholds;

  private LevelTable(float[] levels, int[] codes, float[] thresholds) {
    this.levels = levels;
    this.codes = codes;
    this.thresholds = thresholds;
  }

  /**
   * Builds the table of a format.
   *
   * @param format the format
   * @return its table
   */
  public static LevelTable of(NumberFormat format) {
    float[] levels = format.levels();
    int[] codes = new int[levels.length];
    for (int i = 0; i < levels.length; i++) {
      // Adding zero turns negative zero into positive zero.
      codes[i] = format.encode(levels[i] + 0f);
    }
    int length = Math.max(1, (Integer.highestOneBit(levels.length - 1) << 1) - 1);
    float[] thresholds = new float[length];
    Arrays.fill(thresholds, Float.POSITIVE_INFINITY);
    for (int i = 0; i + 1 < levels.length; i++) {
      thresholds[i] = threshold(format, levels[i], levels[i + 1]);
    }
    return new LevelTable(levels, codes, thresholds);
  }

  /** The middle, moved by the few units in the last place that ties and rounding make out. */
  private static float threshold(NumberFormat format, float lower, float upper) {
    float threshold = (float) (((double) lower + upper) / 2);
    while (threshold > lower && format.nearest(threshold) >= upper) {
      threshold = Math.nextDown(threshold);
    }
    while (format.nearest(Math.nextUp(threshold)) <= lower) {
      threshold = Math.nextUp(threshold);
    }
    return threshold;
  }

  /**
   * The position of the nearest level.
   *
   * @param value a finite value
   * @return an index into the ascending levels
   */
  public int position(float value) {
    int position = 0;
    for (int step = (thresholds.length + 1) >> 1; step > 0; step >>= 1) {
      position += value > thresholds[position + step - 1] ? step : 0;
    }
    return position;
  }

  /**
   * The nearest level.
   *
   * @param value a finite value
   * @return the level
   */
  public float nearest(float value) {
    return levels[position(value)];
  }

  /**
   * The code of the nearest level.
   *
   * @param value a finite value
   * @return the code, from 0 to {@code 2^bits - 1}
   */
  public int encode(float value) {
    return codes[position(value)];
  }

  /**
   * A level.
   *
   * @param position from 0, ascending
   * @return its value
   */
  public float level(int position) {
    return levels[position];
  }

  /**
   * The code of a level.
   *
   * @param position from 0, ascending
   * @return its code
   */
  public int code(int position) {
    return codes[position];
  }

  /**
   * The number of levels.
   *
   * @return at least 2
   */
  public int size() {
    return levels.length;
  }
}
