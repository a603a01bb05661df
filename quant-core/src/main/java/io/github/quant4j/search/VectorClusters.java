// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.lane.DistanceLanes;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Weighted k-means of vectors: Lloyd's algorithm from starts that are drawn one after the other,
 * each vector by its weight times its squared distance to those before (k-means++, Arthur and
 * Vassilvitskii, SODA 2007). The starts come from at most 65536 vectors evenly spaced, or as many
 * as there are clusters.
 *
 * <p>A cluster that loses all its vectors gets one of those that are worst off. Sums are in double
 * and in the order of the vectors, so that results depend on nothing but the vectors and the seed.
 * Cost: {@code vectors clusters length} multiply-adds for the starts, and again for each iteration.
 */
public final class VectorClusters {
  private static final int MOST_FOR_STARTS = 1 << 16;
  private static final int PART = 2048;

  /**
   * What each vector weighs in addition, relative to the mean, so that no cluster weighs nothing.
   */
  private static final double BASE_WEIGHT = 1e-6;

  private final float[] points;
  private final int count;
  private final int length;
  private final double[] weights;
  private final WorkerTeam team;
  private final int[] codes;
  private final float[] distances;

  private VectorClusters(float[] points, int length, double[] weights, WorkerTeam team) {
    this.points = points;
    this.count = weights.length;
    this.length = length;
    this.weights = weights;
    this.team = team;
    this.codes = new int[count];
    this.distances = new float[count];
  }

  /**
   * Finds centers.
   *
   * @param points element {@code d} of vector {@code i} at {@code d count + i}, finite
   * @param length of the vectors, at least 1
   * @param weights one for each vector, finite and not negative; at least one vector
   * @param clusters how many, at least 1; if there are fewer vectors, some centers are alike
   * @param iterations of Lloyd's algorithm at most
   * @param seed of the starts
   * @param team the threads; results do not depend on them
   * @return {@code [clusters, length]}
   */
  public static float[] centers(
      float[] points,
      int length,
      float[] weights,
      int clusters,
      int iterations,
      long seed,
      WorkerTeam team) {
    double mean = 0;
    for (float weight : weights) {
      mean += weight / (double) weights.length;
    }
    double[] based = new double[weights.length];
    for (int i = 0; i < based.length; i++) {
      based[i] = mean > 0 ? weights[i] + BASE_WEIGHT * mean : 1;
    }
    VectorClusters all = new VectorClusters(points, length, based, team);
    float[] centers = all.sample(clusters).starts(clusters, seed);
    for (int iteration = 0; iteration < iterations; iteration++) {
      if (!all.assign(centers)) {
        break;
      }
      all.update(centers);
    }
    return centers;
  }

  /** Some of the vectors, evenly spaced, at least as many as there are clusters if possible. */
  private VectorClusters sample(int clusters) {
    int size = Math.min(count, Math.max(clusters, MOST_FOR_STARTS));
    if (size == count) {
      return this;
    }
    float[] some = new float[size * length];
    double[] someWeights = new double[size];
    for (int i = 0; i < size; i++) {
      int source = (int) ((long) i * count / size);
      someWeights[i] = weights[source];
      for (int d = 0; d < length; d++) {
        some[d * size + i] = points[d * count + source];
      }
    }
    return new VectorClusters(some, length, someWeights, team);
  }

  private float[] starts(int clusters, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] centers = new float[Math.multiplyExact(clusters, length)];
    Arrays.fill(distances, 1);
    int parts = Math.ceilDiv(count, PART);
    double[] mass = new double[parts];
    team.run(parts, part -> mass[part] = mass(part));
    Arrays.fill(distances, Float.POSITIVE_INFINITY);
    int chosen = choose(mass, random.nextDouble(), true);
    for (int c = 0; ; c++) {
      for (int d = 0; d < length; d++) {
        centers[c * length + d] = points[d * count + chosen];
      }
      if (c == clusters - 1) {
        return centers;
      }
      int at = c * length;
      team.run(
          parts,
          part -> {
            approach(part, centers, at);
            mass[part] = mass(part);
          });
      chosen = choose(mass, random.nextDouble(), false);
    }
  }

  /** The weights of a part times the distances. */
  private double mass(int part) {
    double sum = 0;
    int end = Math.min(count, (part + 1) * PART);
    for (int i = part * PART; i < end; i++) {
      sum += weights[i] * distances[i];
    }
    return sum;
  }

  private void approach(int part, float[] centers, int at) {
    DistanceLanes lanes = new DistanceLanes(length);
    int end = Math.min(count, (part + 1) * PART);
    for (int from = part * PART; from < end; from += DistanceLanes.MOST) {
      int width = Math.min(DistanceLanes.MOST, end - from);
      lanes.approach(width, points, from, count, length, centers, at, distances, from);
    }
  }

  /** The vector at which the running sum of masses passes a share of the whole. */
  private int choose(double[] mass, double share, boolean isFirst) {
    double left = share * Arrays.stream(mass).sum();
    int part = 0;
    while (part < mass.length - 1 && left >= mass[part]) {
      left -= mass[part++];
    }
    int end = Math.min(count, (part + 1) * PART);
    for (int i = part * PART; i < end; i++) {
      left -= weights[i] * (isFirst ? 1 : distances[i]);
      if (left < 0) {
        return i;
      }
    }
    return end - 1;
  }

  /** Finds the nearest center of each vector; false if all have the one that they had. */
  private boolean assign(float[] centers) {
    int parts = Math.ceilDiv(count, PART);
    boolean[] changed = new boolean[parts];
    team.run(
        parts,
        part -> {
          DistanceLanes lanes = new DistanceLanes(length);
          int[] found = new int[DistanceLanes.MOST];
          float[] squares = new float[DistanceLanes.MOST];
          int end = Math.min(count, (part + 1) * PART);
          for (int from = part * PART; from < end; from += found.length) {
            int width = Math.min(found.length, end - from);
            lanes.nearest(width, points, from, count, length, centers, length, found, squares, 0);
            for (int i = 0; i < width; i++) {
              changed[part] |= codes[from + i] != found[i] + 1;
              codes[from + i] = found[i] + 1;
            }
            System.arraycopy(squares, 0, distances, from, width);
          }
        });
    for (boolean some : changed) {
      if (some) {
        return true;
      }
    }
    return false;
  }

  /** Moves each center to the mean of its vectors. Codes count from 1, so that 0 is none yet. */
  private void update(float[] centers) {
    int clusters = centers.length / length;
    int[] ends = new int[clusters + 1];
    for (int code : codes) {
      ends[code]++;
    }
    for (int c = 1; c <= clusters; c++) {
      ends[c] += ends[c - 1];
    }
    int[] order = new int[count];
    int[] next = ends.clone();
    for (int i = 0; i < count; i++) {
      order[next[codes[i] - 1]++] = i;
    }
    team.run(
        Math.ceilDiv(clusters, Byte.SIZE),
        part -> {
          int end = Math.min(clusters, (part + 1) * Byte.SIZE);
          for (int c = part * Byte.SIZE; c < end; c++) {
            move(centers, c, order, ends[c], ends[c + 1]);
          }
        });
    refill(centers, ends);
  }

  private void move(float[] centers, int center, int[] order, int from, int to) {
    double mass = 0;
    double[] sums = new double[length];
    for (int k = from; k < to; k++) {
      int i = order[k];
      mass += weights[i];
      for (int d = 0; d < length; d++) {
        sums[d] += weights[i] * points[d * count + i];
      }
    }
    for (int d = 0; d < length && to > from; d++) {
      centers[center * length + d] = (float) (sums[d] / mass);
    }
  }

  /** Gives each cluster without vectors one of those that cost most, if that costs anything. */
  private void refill(float[] centers, int[] ends) {
    int[] empty = IntStream.range(0, ends.length - 1).filter(c -> ends[c] == ends[c + 1]).toArray();
    if (empty.length == 0) {
      return;
    }
    int[] worst =
        IntStream.range(0, count)
            .filter(i -> distances[i] > 0)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -weights[i] * distances[i]))
            .limit(empty.length)
            .mapToInt(Integer::intValue)
            .toArray();
    for (int k = 0; k < worst.length; k++) {
      for (int d = 0; d < length; d++) {
        centers[empty[k] * length + d] = points[d * count + worst[k]];
      }
    }
  }
}
