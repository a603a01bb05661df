// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.lane;

import java.util.Arrays;

/**
 * The nearest ones of many vectors, one lane for each vector that is looked for. Loops over lanes
 * that only take the minimum are what HotSpot vectorises; which vector it was is found afterwards,
 * in the one block of vectors that has it.
 *
 * <p>Distances are squared and summed in float, as trees that depend on the length alone, so that
 * results depend on nothing but the arguments: the first vector of the least distance.
 */
public final class DistanceLanes {
  /** The most lanes at once. */
  public static final int MOST = 256;

  private static final int BLOCK = 32;

  /** The lanes' elements, each in an array of its own: loops over offsets are not vectorised. */
  private final float[][] rows;

  private final float[] sums = new float[MOST];
  private final float[] least = new float[MOST];
  private final float[] best = new float[MOST];
  private final int[] blocks = new int[MOST];

  /**
   * Memory for one thread at a time.
   *
   * @param length the most elements of a vector
   */
  public DistanceLanes(int length) {
    this.rows = new float[length][MOST];
  }

  /**
   * Finds the nearest vectors.
   *
   * @param count lanes, at most {@value #MOST}
   * @param points element {@code d} of lane {@code i} at {@code from + d stride + i}
   * @param from position of the first one
   * @param stride distance of the elements of a lane
   * @param dims elements that count, at most {@code length}
   * @param book vectors of {@code length} elements one after the other, at least one
   * @param length of the vectors
   * @param codes receives the number of the nearest vector for each lane
   * @param distances receives the squared distance to it for each lane
   * @param to position of the first lane in both
   */
  public void nearest(
      int count,
      float[] points,
      int from,
      int stride,
      int dims,
      float[] book,
      int length,
      int[] codes,
      float[] distances,
      int to) {
    int size = book.length / length;
    take(count, points, from, stride, dims);
    Arrays.fill(best, 0, count, Float.POSITIVE_INFINITY);
    Arrays.fill(blocks, 0, count, 0);
    for (int start = 0; start < size; start += BLOCK) {
      Arrays.fill(least, 0, count, Float.POSITIVE_INFINITY);
      int end = Math.min(size, start + BLOCK);
      for (int c = start; c < end; c++) {
        distances(count, dims, book, c * length, sums);
        minimum(count, sums, least);
      }
      for (int i = 0; i < count; i++) {
        if (least[i] < best[i]) {
          best[i] = least[i];
          blocks[i] = start;
        }
      }
    }
    for (int i = 0; i < count; i++) {
      int c = blocks[i];
      int end = Math.min(size, c + BLOCK) - 1;
      while (c < end && distance(i, dims, book, c * length) != best[i]) {
        c++;
      }
      codes[to + i] = c;
      distances[to + i] = best[i];
    }
  }

  private void take(int count, float[] points, int from, int stride, int dims) {
    for (int d = 0; d < dims; d++) {
      System.arraycopy(points, from + d * stride, rows[d], 0, count);
    }
  }

  /**
   * Lowers distances to those to one more vector.
   *
   * @param count lanes, at most {@value #MOST}
   * @param points element {@code d} of lane {@code i} at {@code from + d stride + i}
   * @param from position of the first one
   * @param stride distance of the elements of a lane
   * @param dims elements of a vector
   * @param book has the vector
   * @param at position of its first element
   * @param distances the squared distance of each lane so far
   * @param to position of the first one
   */
  public void approach(
      int count,
      float[] points,
      int from,
      int stride,
      int dims,
      float[] book,
      int at,
      float[] distances,
      int to) {
    take(count, points, from, stride, dims);
    distances(count, dims, book, at, sums);
    System.arraycopy(distances, to, least, 0, count);
    minimum(count, sums, least);
    System.arraycopy(least, 0, distances, to, count);
  }

  private static void minimum(int count, float[] values, float[] least) {
    for (int i = 0; i < count; i++) {
      least[i] = Math.min(least[i], values[i]);
    }
  }

  private void distances(int count, int dims, float[] book, int at, float[] sums) {
    int d = 0;
    if (dims >= 4) {
      set4(count, rows[0], rows[1], rows[2], rows[3], book, at, sums);
      d = 4;
    } else if (dims >= 2) {
      set2(count, rows[0], rows[1], book[at], book[at + 1], sums);
      d = 2;
    } else {
      Arrays.fill(sums, 0, count, 0);
    }
    for (; d + 1 < dims; d += 2) {
      add2(count, rows[d], rows[d + 1], book[at + d], book[at + d + 1], sums);
    }
    if (d < dims) {
      add1(count, rows[d], book[at + d], sums);
    }
  }

  private static void set4(
      int count,
      float[] r0,
      float[] r1,
      float[] r2,
      float[] r3,
      float[] book,
      int at,
      float[] sums) {
    float c0 = book[at];
    float c1 = book[at + 1];
    float c2 = book[at + 2];
    float c3 = book[at + 3];
    for (int i = 0; i < count; i++) {
      float e0 = r0[i] - c0;
      float e1 = r1[i] - c1;
      float e2 = r2[i] - c2;
      float e3 = r3[i] - c3;
      sums[i] = (e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3);
    }
  }

  private static void set2(int count, float[] r0, float[] r1, float c0, float c1, float[] sums) {
    for (int i = 0; i < count; i++) {
      float e0 = r0[i] - c0;
      float e1 = r1[i] - c1;
      sums[i] = e0 * e0 + e1 * e1;
    }
  }

  private static void add2(int count, float[] r0, float[] r1, float c0, float c1, float[] sums) {
    for (int i = 0; i < count; i++) {
      float e0 = r0[i] - c0;
      float e1 = r1[i] - c1;
      sums[i] += e0 * e0 + e1 * e1;
    }
  }

  private static void add1(int count, float[] row, float c, float[] sums) {
    for (int i = 0; i < count; i++) {
      float e = row[i] - c;
      sums[i] += e * e;
    }
  }

  /** One lane, in the same order of operations. */
  private float distance(int lane, int dims, float[] book, int at) {
    float sum = 0;
    int d = 0;
    for (; d + 1 < dims; d += 2) {
      float e0 = rows[d][lane] - book[at + d];
      float e1 = rows[d + 1][lane] - book[at + d + 1];
      sum += e0 * e0 + e1 * e1;
    }
    if (d < dims) {
      float e = rows[d][lane] - book[at + d];
      sum += e * e;
    }
    return sum;
  }
}
