// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.machine;

/**
 * Loops over rows for the {@link ColdPhase}: one lane for each row and eight codes of 4 bits in a
 * word, so simple that the compiler makes vector code of them at once.
 *
 * <p>Where results are floats, the operations of a row and their order are those of the vector code
 * named.
 */
public final class PlainLoops {
  /** Rows that go through a loop together: enough for long loops, few enough for the cache. */
  public static final int ROWS = 256;

  private PlainLoops() {}

  /**
   * Adds the integer products of a word: {@code sums[i] += sum_j c_j factors[j]}.
   *
   * @param count rows
   * @param words a word of each row
   * @param factors what codes are multiplied by
   * @param at position of the factor of the lowest code
   * @param upperAt position of the factor of the code in bits 16 to 19
   * @param sums the sums to add to
   * @param to position of the first one
   */
  public static void addProducts(
      int count, int[] words, int[] factors, int at, int upperAt, int[] sums, int to) {
    int a0 = factors[at];
    int a1 = factors[at + 1];
    int a2 = factors[at + 2];
    int a3 = factors[at + 3];
    int a4 = factors[upperAt];
    int a5 = factors[upperAt + 1];
    int a6 = factors[upperAt + 2];
    int a7 = factors[upperAt + 3];
    for (int i = 0; i < count; i++) {
      int v = words[i];
      sums[to + i] +=
          (v & 15) * a0
              + (v >>> 4 & 15) * a1
              + (v >>> 8 & 15) * a2
              + (v >>> 12 & 15) * a3
              + (v >>> 16 & 15) * a4
              + (v >>> 20 & 15) * a5
              + (v >>> 24 & 15) * a6
              + (v >>> 28) * a7;
    }
  }

  /**
   * {@code sums[i] = start - zeros[i] factor}.
   *
   * @param count rows
   * @param start what all sums start from
   * @param zeros a zero point for each row
   * @param factor what zero points are multiplied by
   * @param sums receives the sums
   * @param to position of the first one
   */
  public static void start(int count, int start, int[] zeros, int factor, int[] sums, int to) {
    for (int i = 0; i < count; i++) {
      sums[to + i] = start - zeros[i] * factor;
    }
  }

  /**
   * {@code sums[i] = fma(values[from + i], factor, sums[i])}.
   *
   * @param count rows
   * @param values what is added
   * @param from position of the first value
   * @param factor what values are multiplied by
   * @param sums the sums, which are changed
   */
  public static void addProducts(int count, float[] values, int from, float factor, float[] sums) {
    for (int i = 0; i < count; i++) {
      sums[i] = Math.fma(values[from + i], factor, sums[i]);
    }
  }

  /**
   * {@code outputs[i] = fma(float(sums[i]), scales[i] factor, outputs[i])}.
   *
   * @param count rows
   * @param sums exact sums
   * @param from position of the first one
   * @param scales a scale for each row
   * @param factor a scale for all
   * @param outputs what is added to
   * @param to position of the first one
   */
  public static void scale(
      int count, int[] sums, int from, float[] scales, float factor, float[] outputs, int to) {
    for (int i = 0; i < count; i++) {
      outputs[to + i] = Math.fma((float) sums[from + i], scales[i] * factor, outputs[to + i]);
    }
  }

  /**
   * Adds half a word whose codes count as {@code 1 + code / 16}, in ascending order. With all eight
   * codes the compiler no longer unrolls the loop, and makes no vector code of it.
   *
   * @param count rows
   * @param words a word of each row
   * @param shift 0 for the lower four codes, 16 for the upper ones
   * @param x four inputs
   * @param at position of the first one
   * @param sums the sums to add to
   */
  public static void addMantissas(
      int count, int[] words, int shift, float[] x, int at, float[] sums) {
    float x0 = x[at];
    float x1 = x[at + 1];
    float x2 = x[at + 2];
    float x3 = x[at + 3];
    for (int i = 0; i < count; i++) {
      int v = words[i] >>> shift;
      float sum = Math.fma((float) (v & 15 | 16) * 0x1p-4f, x0, sums[i]);
      sum = Math.fma((float) (v >>> 4 & 15 | 16) * 0x1p-4f, x1, sum);
      sum = Math.fma((float) (v >>> 8 & 15 | 16) * 0x1p-4f, x2, sum);
      sums[i] = Math.fma((float) (v >>> 12 & 15 | 16) * 0x1p-4f, x3, sum);
    }
  }

  /**
   * Adds the lower four codes of a word, which count as {@code 1 + code step / 128}.
   *
   * @param count rows
   * @param words a word of each row
   * @param step what a code is multiplied by, so that all stay below 128
   * @param x four inputs
   * @param at position of the first one
   * @param sums the sums to add to
   */
  public static void addLower(int count, int[] words, int step, float[] x, int at, float[] sums) {
    float x0 = x[at];
    float x1 = x[at + 1];
    float x2 = x[at + 2];
    float x3 = x[at + 3];
    for (int i = 0; i < count; i++) {
      int v = words[i];
      float sum = Math.fma((float) ((v & 15) * step + 128) * 0x1p-7f, x0, sums[i]);
      sum = Math.fma((float) ((v >>> 4 & 15) * step + 128) * 0x1p-7f, x1, sum);
      sum = Math.fma((float) ((v >>> 8 & 15) * step + 128) * 0x1p-7f, x2, sum);
      sums[i] = Math.fma((float) ((v >>> 12 & 15) * step + 128) * 0x1p-7f, x3, sum);
    }
  }

  /**
   * Adds the upper four codes of a word, each with the lower one in the last bits of its float:
   * {@code 1 + code step / 128 + (0x3f80 + lower step) 2^-23}.
   *
   * @param count rows
   * @param words a word of each row
   * @param step what a code is multiplied by, so that all stay below 128
   * @param x four inputs
   * @param at position of the first one
   * @param sums the sums to add to
   */
  public static void addUpper(int count, int[] words, int step, float[] x, int at, float[] sums) {
    float x0 = x[at];
    float x1 = x[at + 1];
    float x2 = x[at + 2];
    float x3 = x[at + 3];
    int one = (1 << 23) + 0x3f80;
    int upper = step << 16;
    for (int i = 0; i < count; i++) {
      int v = words[i];
      int m0 = (v & 15) * step + (v >>> 16 & 15) * upper + one;
      int m1 = (v >>> 4 & 15) * step + (v >>> 20 & 15) * upper + one;
      int m2 = (v >>> 8 & 15) * step + (v >>> 24 & 15) * upper + one;
      int m3 = (v >>> 12 & 15) * step + (v >>> 28) * upper + one;
      float sum = Math.fma((float) m0 * 0x1p-23f, x0, sums[i]);
      sum = Math.fma((float) m1 * 0x1p-23f, x1, sum);
      sum = Math.fma((float) m2 * 0x1p-23f, x2, sum);
      sums[i] = Math.fma((float) m3 * 0x1p-23f, x3, sum);
    }
  }

  /**
   * {@code totals[i] = fma(sums[i], scales[i], totals[i])}.
   *
   * @param count rows
   * @param sums the sums
   * @param scales a scale for each row
   * @param totals what is added to
   */
  public static void fold(int count, float[] sums, float[] scales, float[] totals) {
    for (int i = 0; i < count; i++) {
      totals[i] = Math.fma(sums[i], scales[i], totals[i]);
    }
  }

  /**
   * {@code sums[i] += others[i]}.
   *
   * @param count rows
   * @param sums the sums to add to
   * @param others what is added
   */
  public static void add(int count, float[] sums, float[] others) {
    for (int i = 0; i < count; i++) {
      sums[i] += others[i];
    }
  }

  /**
   * {@code target[i] = zeros[i] factor + start}, rounded twice.
   *
   * @param count rows
   * @param zeros a zero point for each row
   * @param factor what zero points are multiplied by
   * @param start what is added
   * @param target receives the values
   */
  public static void startFloats(
      int count, float[] zeros, float factor, float start, float[] target) {
    for (int i = 0; i < count; i++) {
      target[i] = zeros[i] * factor + start;
    }
  }

  /**
   * {@code target[to + i] = values[i] factor}.
   *
   * @param count how many
   * @param values the values
   * @param factor the factor
   * @param target receives the products
   * @param to position of the first one
   */
  public static void scaled(int count, float[] values, float factor, float[] target, int to) {
    for (int i = 0; i < count; i++) {
      target[to + i] = values[i] * factor;
    }
  }
}
