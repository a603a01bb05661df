// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.lane;

/** What becomes of the sums of {@link CodeLanes}: zero points and scales, one lane for each row. */
public final class PanelLanes {
  private PanelLanes() {}

  /**
   * {@code values *= factor}.
   *
   * @param count lanes
   * @param factor the factor
   * @param values the values
   */
  public static void scale(int count, float factor, float[] values) {
    for (int i = 0; i < count; i++) {
      values[i] *= factor;
    }
  }

  /**
   * The sum of some values, rounded once.
   *
   * @param values the values
   * @param from position of the first one
   * @param count how many
   * @return the sum
   */
  public static float sum(float[] values, int from, int count) {
    double sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += values[i];
    }
    return (float) sum;
  }

  /**
   * The exact sum of some integers.
   *
   * @param values integers below 2^24 in magnitude
   * @param from position of the first one
   * @param count how many
   * @return the sum, which must fit an int
   */
  public static int integerSum(float[] values, int from, int count) {
    int sum = 0;
    for (int i = from; i < from + count; i++) {
      sum += (int) values[i];
    }
    return sum;
  }

  /**
   * {@code target += scales sums}.
   *
   * @param count lanes
   * @param sums what is scaled
   * @param scales the factors
   * @param target what is added to
   */
  public static void fold(int count, float[] sums, float[] scales, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] += scales[i] * sums[i];
    }
  }

  /**
   * {@code target += scales (sums - zeros input)}.
   *
   * @param count lanes
   * @param sums what is scaled
   * @param zeros the zero points
   * @param input the sum of the factors behind the sums
   * @param scales the scales
   * @param target what is added to
   */
  public static void fold(
      int count, float[] sums, float[] zeros, float input, float[] scales, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] += scales[i] * (sums[i] - zeros[i] * input);
    }
  }

  /**
   * {@code totals += (int) sums}.
   *
   * @param count lanes
   * @param sums integers below 2^24 in magnitude
   * @param totals what is added to
   */
  public static void addIntegers(int count, float[] sums, int[] totals) {
    for (int i = 0; i < count; i++) {
      totals[i] += (int) sums[i];
    }
  }

  /**
   * {@code totals -= zeros input}.
   *
   * @param count lanes
   * @param zeros the zero points
   * @param input the sum of the factors behind the totals
   * @param totals what is subtracted from
   */
  public static void subtractZeros(int count, int[] zeros, int input, int[] totals) {
    for (int i = 0; i < count; i++) {
      totals[i] -= zeros[i] * input;
    }
  }

  /**
   * {@code target += multiples totals}.
   *
   * @param count lanes
   * @param totals exact sums
   * @param multiples an integer for each lane
   * @param target what is added to
   */
  public static void addMultiples(int count, int[] totals, int[] multiples, long[] target) {
    for (int i = 0; i < count; i++) {
      target[i] += (long) multiples[i] * totals[i];
    }
  }

  /**
   * {@code target = fma(float(totals), scales factor, target)}, with the product of the scales
   * rounded to float.
   *
   * @param count lanes
   * @param totals exact sums
   * @param scales a scale for each lane
   * @param factor a scale for all
   * @param target what is added to
   */
  public static void foldIntegers(
      int count, long[] totals, float[] scales, float factor, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = Math.fma((float) totals[i], scales[i] * factor, target[i]);
    }
  }

  /**
   * {@code target = fma(float(totals), scales factor, target)}, with the product of the scales
   * rounded to float.
   *
   * @param count lanes
   * @param totals exact sums
   * @param scales a scale for each lane
   * @param factor a scale for all
   * @param target what is added to
   */
  public static void foldIntegers(
      int count, int[] totals, float[] scales, float factor, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = Math.fma((float) totals[i], scales[i] * factor, target[i]);
    }
  }
}
