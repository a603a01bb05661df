// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weighted k-means against Lloyd's algorithm in double. */
class VectorClustersTest {
  private record Sample(float[] points, float[] weights, int length) {
    static Sample of(int count, int length, SeededRandom random) {
      float[] weights = random.gaussians(count);
      for (int i = 0; i < count; i++) {
        weights[i] *= weights[i] * (i % 7 == 0 ? 10 : 1);
      }
      return new Sample(random.gaussians(count * length), weights, length);
    }

    int nearest(int point, double[] centers) {
      int best = 0;
      for (int c = 1; c < centers.length / length; c++) {
        best = distance(point, centers, c) < distance(point, centers, best) ? c : best;
      }
      return best;
    }

    double distance(int point, double[] centers, int center) {
      double sum = 0;
      for (int d = 0; d < length; d++) {
        double e = points[d * weights.length + point] - centers[center * length + d];
        sum += e * e;
      }
      return sum;
    }

    double error(double[] centers) {
      double sum = 0;
      for (int i = 0; i < weights.length; i++) {
        sum += weights[i] * distance(i, centers, nearest(i, centers));
      }
      return sum;
    }

    /** One step of Lloyd's algorithm. */
    double[] means(double[] centers) {
      double[] mass = new double[centers.length / length];
      double[] sums = new double[centers.length];
      for (int i = 0; i < weights.length; i++) {
        int c = nearest(i, centers);
        mass[c] += weights[i];
        for (int d = 0; d < length; d++) {
          sums[c * length + d] += (double) weights[i] * points[d * weights.length + i];
        }
      }
      for (int k = 0; k < sums.length; k++) {
        sums[k] = mass[k / length] > 0 ? sums[k] / mass[k / length] : centers[k];
      }
      return sums;
    }
  }

  private static double[] widened(float[] values) {
    double[] result = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      result[i] = values[i];
    }
    return result;
  }

  private static float[] centers(Sample sample, int clusters, int iterations, int threads) {
    return VectorClusters.centers(
        sample.points,
        sample.length,
        sample.weights,
        clusters,
        iterations,
        7,
        WorkerTeam.ofThreads(threads));
  }

  @ParameterizedTest
  @CsvSource({"500,4,16", "3000,2,40", "700,5,32", "300,1,8", "2500,8,64"})
  void centersAreTheMeansOfTheirVectors(int count, int length, int clusters) {
    SeededRandom random = new SeededRandom(count);
    Sample sample = Sample.of(count, length, random);
    double[] found = widened(centers(sample, clusters, 1000, 1));
    double[] again = sample.means(found);
    for (int k = 0; k < found.length; k++) {
      assertEquals(again[k], found[k], 1e-4, random.toString());
    }
    double mean = 0;
    for (int start = 0; start < 8; start++) {
      int[] starts = new int[clusters];
      Arrays.setAll(starts, _ -> random.nextInt(0, count));
      double[] naive = new double[found.length];
      for (int k = 0; k < naive.length; k++) {
        naive[k] = sample.points[k % length * count + starts[k / length]];
      }
      for (int iteration = 0; iteration < 100; iteration++) {
        naive = sample.means(naive);
      }
      mean += sample.error(naive) / 8;
    }
    assertTrue(sample.error(found) <= mean, random.toString());
  }

  @Test
  void eachIterationIsLloyds() {
    SeededRandom random = new SeededRandom(12);
    Sample sample = Sample.of(900, 3, random);
    for (int iterations = 0; iterations < 6; iterations++) {
      double[] wanted = sample.means(widened(centers(sample, 20, iterations, 1)));
      float[] next = centers(sample, 20, iterations + 1, 1);
      for (int k = 0; k < wanted.length; k++) {
        assertEquals(wanted[k], next[k], 1e-4, random + ", iteration " + iterations);
      }
    }
  }

  @Test
  void anyNumberOfThreadsGivesTheSame() {
    Sample sample = Sample.of(9001, 4, new SeededRandom(3));
    float[] one = centers(sample, 100, 5, 1);
    assertArrayEquals(one, centers(sample, 100, 5, 2));
    assertArrayEquals(one, centers(sample, 100, 5, 3));
  }

  @Test
  void moreClustersThanVectors() {
    SeededRandom random = new SeededRandom(4);
    Sample sample = Sample.of(11, 4, random);
    float[] found = centers(sample, 16, 10, 1);
    assertEquals(0, sample.error(widened(found)), 1e-10, random.toString());
  }

  @Test
  void vectorsThatAreAllAlikeAndWeighNothing() {
    float[] points = new float[200];
    Arrays.fill(points, 0.5f);
    float[] found =
        VectorClusters.centers(points, 2, new float[100], 8, 10, 1, WorkerTeam.sequential());
    for (float value : found) {
      assertEquals(0.5f, value);
    }
  }
}
