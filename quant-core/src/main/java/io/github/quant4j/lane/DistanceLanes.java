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

  private final float[] sums = new float[MOST];
  private final float[] least = new float[MOST];
  private final float[] best = new float[MOST];
  private final int[] blocks = new int[MOST];

  /** Memory for one thread at a time. */
  public DistanceLanes() {}

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
    Arrays.fill(best, 0, count, Float.POSITIVE_INFINITY);
    Arrays.fill(blocks, 0, count, 0);
    for (int start = 0; start < size; start += BLOCK) {
      Arrays.fill(least, 0, count, Float.POSITIVE_INFINITY);
      int end = Math.min(size, start + BLOCK);
      for (int c = start; c < end; c++) {
        distances(count, points, from, stride, dims, book, c * length, sums);
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
      while (c < end && distance(points, from + i, stride, dims, book, c * length) != best[i]) {
        c++;
      }
      codes[to + i] = c;
      distances[to + i] = best[i];
    }
  }

  private static void minimum(int count, float[] values, float[] least) {
    for (int i = 0; i < count; i++) {
      least[i] = Math.min(least[i], values[i]);
    }
  }

  /**
   * Squared distances to one vector.
   *
   * @param count lanes
   * @param points element {@code d} of lane {@code i} at {@code from + d stride + i}
   * @param from position of the first one
   * @param stride distance of the elements of a lane
   * @param dims elements that count
   * @param book has the vector
   * @param at position of its first element
   * @param sums receives the squared distance of each lane
   */
  public static void distances(
      int count,
      float[] points,
      int from,
      int stride,
      int dims,
      float[] book,
      int at,
      float[] sums) {
    int d = 0;
    if (dims < 2) {
      float c = book[at];
      for (int i = 0; i < count; i++) {
        float e = points[from + i] - c;
        sums[i] = e * e;
      }
      return;
    }
    float c0 = book[at];
    float c1 = book[at + 1];
    for (int i = 0; i < count; i++) {
      float e0 = points[from + i] - c0;
      float e1 = points[from + stride + i] - c1;
      sums[i] = e0 * e0 + e1 * e1;
    }
    for (d = 2; d + 1 < dims; d += 2) {
      add2(count, points, from + d * stride, stride, book[at + d], book[at + d + 1], sums);
    }
    if (d < dims) {
      float c = book[at + d];
      int last = from + d * stride;
      for (int i = 0; i < count; i++) {
        float e = points[last + i] - c;
        sums[i] += e * e;
      }
    }
  }

  private static void add2(
      int count, float[] points, int from, int stride, float c0, float c1, float[] sums) {
    for (int i = 0; i < count; i++) {
      float e0 = points[from + i] - c0;
      float e1 = points[from + stride + i] - c1;
      sums[i] += e0 * e0 + e1 * e1;
    }
  }

  /** One lane, in the same order of operations. */
  private static float distance(
      float[] points, int from, int stride, int dims, float[] book, int at) {
    float sum = 0;
    int d = 0;
    for (; d + 1 < dims; d += 2) {
      float e0 = points[from + d * stride] - book[at + d];
      float e1 = points[from + (d + 1) * stride] - book[at + d + 1];
      float pair = e0 * e0 + e1 * e1;
      sum = d == 0 ? pair : sum + pair;
    }
    if (d < dims) {
      float e = points[from + d * stride] - book[at + d];
      sum = d == 0 ? e * e : sum + e * e;
    }
    return sum;
  }
}
