// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import io.github.quant4j.parallel.WorkerTeam;
import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * Extremes and central moments of values that are seen block by block. Blocks are summed by
 * themselves and then joined, which loses no precision to the size of a tensor: Pébay, "Formulas
 * for robust, one-pass parallel computation of covariances and arbitrary-order statistical
 * moments", SAND2008-6212, equations 2.1 and 3.1.
 */
final class Moments {
  private long count;
  private long nonFinite;
  private double minimum = Double.POSITIVE_INFINITY;
  private double maximum = Double.NEGATIVE_INFINITY;
  private double mean;
  private double second;
  private double third;
  private double fourth;

  /** The moments of a block of values. */
  static Moments of(float[] values, int from, int length) {
    Moments moments = new Moments();
    double sum = 0;
    for (int i = from; i < from + length; i++) {
      float value = values[i];
      if (Float.isFinite(value)) {
        moments.count++;
        sum += value;
        moments.minimum = Math.min(moments.minimum, value);
        moments.maximum = Math.max(moments.maximum, value);
      } else {
        moments.nonFinite++;
      }
    }
    moments.mean = moments.count == 0 ? 0 : sum / moments.count;
    for (int i = from; i < from + length; i++) {
      if (Float.isFinite(values[i])) {
        double difference = values[i] - moments.mean;
        double square = difference * difference;
        moments.second += square;
        moments.third += square * difference;
        moments.fourth += square * square;
      }
    }
    return moments;
  }

  /** Sums blocks in their order, whoever worked on them. */
  static ValueStatistics joined(WorkerTeam team, int parts, IntFunction<Moments> block) {
    Moments[] moments = new Moments[parts];
    team.run(parts, part -> moments[part] = block.apply(part));
    Moments all = new Moments();
    Arrays.stream(moments).forEach(all::join);
    return all.statistics();
  }

  /** Takes in other values. */
  void join(Moments other) {
    nonFinite += other.nonFinite;
    if (other.count == 0) {
      return;
    }
    minimum = Math.min(minimum, other.minimum);
    maximum = Math.max(maximum, other.maximum);
    double a = count;
    double b = other.count;
    double n = a + b;
    double delta = other.mean - mean;
    double step = delta / n;
    double product = a * b;
    fourth +=
        other.fourth
            + product * (a * a - product + b * b) * delta * step * step * step
            + 6 * (a * a * other.second + b * b * second) * step * step
            + 4 * (a * other.third - b * third) * step;
    third +=
        other.third
            + product * (a - b) * delta * step * step
            + 3 * (a * other.second - b * second) * step;
    second += other.second + product * delta * step;
    mean += b * step;
    count += other.count;
  }

  ValueStatistics statistics() {
    double variance = second / count;
    return new ValueStatistics(
        count + nonFinite,
        nonFinite,
        count == 0 ? Double.NaN : minimum,
        count == 0 ? Double.NaN : maximum,
        count == 0 ? Double.NaN : mean,
        Math.sqrt(variance),
        fourth / count / (variance * variance) - 3);
  }
}
