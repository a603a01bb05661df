// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.lane;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nearest vectors against a search in double. */
class DistanceLanesTest {
  @ParameterizedTest
  @CsvSource({"256,4,4,256", "7,1,1,5", "33,2,2,100", "64,5,5,64", "1,5,3,70", "19,8,7,31"})
  void theNearestOfAll(int count, int length, int dims, int size) {
    SeededRandom random = new SeededRandom(count + size);
    int stride = count + 3;
    float[] points = random.gaussians(stride * length + 2);
    float[] book = random.gaussians(size * length);
    int[] codes = new int[count + 1];
    float[] distances = new float[count + 1];
    new DistanceLanes(length)
        .nearest(count, points, 2, stride, dims, book, length, codes, distances, 1);
    for (int i = 0; i < count; i++) {
      double least = Double.POSITIVE_INFINITY;
      for (int c = 0; c < size; c++) {
        least = Math.min(least, distance(points, 2 + i, stride, dims, book, c * length));
      }
      double found = distance(points, 2 + i, stride, dims, book, codes[i + 1] * length);
      assertEquals(least, found, 1e-5 * least + 1e-7, random.toString());
      assertEquals(least, distances[i + 1], 1e-5 * least + 1e-7, random.toString());
    }
  }

  private static double distance(
      float[] points, int from, int stride, int dims, float[] book, int at) {
    double sum = 0;
    for (int d = 0; d < dims; d++) {
      double e = (double) points[from + d * stride] - book[at + d];
      sum += e * e;
    }
    return sum;
  }

  @Test
  void theFirstOfEqualOnes() {
    float[] book = new float[3 * 100];
    int[] codes = new int[2];
    float[] points = {0, 1, 0, 1, 0, 1};
    new DistanceLanes(3).nearest(2, points, 0, 2, 3, book, 3, codes, new float[2], 0);
    assertEquals(0, codes[0]);
    assertEquals(0, codes[1]);
  }

  @Test
  void whatIsNotANumberHasSomeCode() {
    int[] codes = new int[2];
    float[] points = {Float.NaN, Float.POSITIVE_INFINITY};
    new DistanceLanes(1).nearest(2, points, 0, 2, 1, new float[50], 1, codes, new float[2], 0);
    assertTrue(codes[0] >= 0 && codes[0] < 50 && codes[1] >= 0 && codes[1] < 50);
  }
}
