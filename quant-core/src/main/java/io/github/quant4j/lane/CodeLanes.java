// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.lane;

/**
 * Weighted sums of columns of small numbers, one lane for each row of a matrix.
 *
 * <p>Columns lie one after the other in one array, {@code stride} apart. Loads from an array of
 * another element type cannot be reached by the stores, so here offsets do no harm. Per
 * multiply-add this takes a fifth of the time of a dot product in scalar code for bytes and halves,
 * and two thirds for tables, which are looked up one by one.
 */
public final class CodeLanes {
  /** Columns that are added at once. */
  public static final int GROUP = 4;

  private CodeLanes() {}

  /**
   * {@code sums[i] += sum_{g < 4} factors[at + g] codes[from + g stride + i]}.
   *
   * @param count lanes
   * @param factors four factors
   * @param at position of the first one
   * @param codes columns of signed bytes
   * @param from position of the first column
   * @param stride distance of the columns
   * @param sums the sums to add to
   */
  public static void add4(
      int count, float[] factors, int at, byte[] codes, int from, int stride, float[] sums) {
    float f0 = factors[at];
    float f1 = factors[at + 1];
    float f2 = factors[at + 2];
    float f3 = factors[at + 3];
    int c1 = from + stride;
    int c2 = c1 + stride;
    int c3 = c2 + stride;
    for (int i = 0; i < count; i++) {
      sums[i] +=
          (f0 * codes[from + i] + f1 * codes[c1 + i]) + (f2 * codes[c2 + i] + f3 * codes[c3 + i]);
    }
  }

  /**
   * {@code sums[i] += factor codes[from + i]}.
   *
   * @param count lanes
   * @param factor the factor
   * @param codes a column of signed bytes
   * @param from its position
   * @param sums the sums to add to
   */
  public static void add(int count, float factor, byte[] codes, int from, float[] sums) {
    for (int i = 0; i < count; i++) {
      sums[i] += factor * codes[from + i];
    }
  }

  /**
   * {@code target[i] = codes[from + i]}.
   *
   * @param count lanes
   * @param codes a column of signed bytes
   * @param from its position
   * @param target receives the numbers
   */
  public static void widen(int count, byte[] codes, int from, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = codes[from + i];
    }
  }

  /**
   * {@code sums[i] += sum_{g < 4} factors[at + g] halves[from + g stride + i]}.
   *
   * @param count lanes
   * @param factors four factors
   * @param at position of the first one
   * @param halves columns of binary16
   * @param from position of the first column
   * @param stride distance of the columns
   * @param sums the sums to add to
   */
  public static void add4(
      int count, float[] factors, int at, short[] halves, int from, int stride, float[] sums) {
    float f0 = factors[at];
    float f1 = factors[at + 1];
    float f2 = factors[at + 2];
    float f3 = factors[at + 3];
    int c1 = from + stride;
    int c2 = c1 + stride;
    int c3 = c2 + stride;
    for (int i = 0; i < count; i++) {
      sums[i] +=
          (f0 * Float.float16ToFloat(halves[from + i]) + f1 * Float.float16ToFloat(halves[c1 + i]))
              + (f2 * Float.float16ToFloat(halves[c2 + i])
                  + f3 * Float.float16ToFloat(halves[c3 + i]));
    }
  }

  /**
   * {@code sums[i] += factor halves[from + i]}.
   *
   * @param count lanes
   * @param factor the factor
   * @param halves a column of binary16
   * @param from its position
   * @param sums the sums to add to
   */
  public static void add(int count, float factor, short[] halves, int from, float[] sums) {
    for (int i = 0; i < count; i++) {
      sums[i] += factor * Float.float16ToFloat(halves[from + i]);
    }
  }

  /**
   * {@code target[i] = halves[from + i]}.
   *
   * @param count lanes
   * @param halves a column of binary16
   * @param from its position
   * @param target receives the numbers
   */
  public static void widen(int count, short[] halves, int from, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = Float.float16ToFloat(halves[from + i]);
    }
  }

  /**
   * {@code sums[i] += sum_{g < 4} tables[g][codes[from + g stride + i]]}.
   *
   * @param count lanes
   * @param tables four tables of 256 values
   * @param codes columns of unsigned bytes
   * @param from position of the first column
   * @param stride distance of the columns
   * @param sums the sums to add to
   */
  public static void lookUp4(
      int count, float[][] tables, byte[] codes, int from, int stride, float[] sums) {
    float[] t0 = tables[0];
    float[] t1 = tables[1];
    float[] t2 = tables[2];
    float[] t3 = tables[3];
    int c1 = from + stride;
    int c2 = c1 + stride;
    int c3 = c2 + stride;
    for (int i = 0; i < count; i++) {
      sums[i] +=
          (t0[codes[from + i] & 0xff] + t1[codes[c1 + i] & 0xff])
              + (t2[codes[c2 + i] & 0xff] + t3[codes[c3 + i] & 0xff]);
    }
  }

  /**
   * {@code sums[i] += table[codes[from + i]]}.
   *
   * @param count lanes
   * @param table 256 values
   * @param codes a column of unsigned bytes
   * @param from its position
   * @param sums the sums to add to
   */
  public static void lookUp(int count, float[] table, byte[] codes, int from, float[] sums) {
    for (int i = 0; i < count; i++) {
      sums[i] += table[codes[from + i] & 0xff];
    }
  }

  /**
   * {@code target[i] = table[codes[from + i]]}.
   *
   * @param count lanes
   * @param table 256 values
   * @param codes a column of unsigned bytes
   * @param from its position
   * @param target receives the values
   */
  public static void gather(int count, float[] table, byte[] codes, int from, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = table[codes[from + i] & 0xff];
    }
  }

  /**
   * {@code target = factor a}.
   *
   * @param count elements
   * @param factor the factor
   * @param a the values
   * @param target receives the products
   */
  public static void scaled(int count, float factor, float[] a, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = factor * a[i];
    }
  }

  /**
   * {@code target = f a + g b}.
   *
   * @param count elements
   * @param f factor of the first values
   * @param a the first values
   * @param g factor of the second values
   * @param b the second values
   * @param target receives the sums
   */
  public static void combined(int count, float f, float[] a, float g, float[] b, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = f * a[i] + g * b[i];
    }
  }
}
