// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Groups of neighbouring columns, and what tells those apart that deserve more bits. */
final class ColumnGroups {
  private ColumnGroups() {}

  /**
   * The columns of a group.
   *
   * @throws IllegalArgumentException if the quantizer has another granularity
   */
  static int size(String word, Quantizer quantizer) {
    if (quantizer.scheme().granularity() instanceof Granularity.PerGroup(int size)) {
      return size;
    }
    throw new IllegalArgumentException(
        word
            + ": "
            + quantizer.scheme().granularity()
            + ", expected groups of inputs, such as g64, whose widths can differ");
  }

  /** How many groups there are. */
  static int count(String word, int columns, int size) {
    if (columns % size != 0) {
      throw new IllegalArgumentException(
          word + ": groups of " + size + " do not divide the " + columns + " inputs");
    }
    return columns / size;
  }

  /** {@code w^2 / [H^-1]_jj^2}, the mean of each group (SliM-LLM, equation 3). */
  static double[] salience(FloatMatrix weights, FitProblem problem, int size) {
    double[] inverse = problem.moment().inverseDiagonal();
    double[] salience = new double[weights.columns() / size];
    float[] data = weights.data();
    for (int i = 0; i < data.length; i++) {
      int column = i % weights.columns();
      double ratio = data[i] / inverse[column];
      salience[column / size] += ratio * ratio / ((double) weights.rows() * size);
    }
    return salience;
  }

  /**
   * The range of the weights of a group in a row, to a power, the mean over the rows.
   *
   * @param power 1 for the range itself, 2 for what an error of rounding grows by
   */
  static double[] ranges(FloatMatrix weights, int size, int power) {
    double[] ranges = new double[weights.columns() / size];
    for (int row = 0; row < weights.rows(); row++) {
      for (int g = 0; g < ranges.length; g++) {
        int from = row * weights.columns() + g * size;
        float least = weights.data()[from];
        float most = least;
        for (int i = from + 1; i < from + size; i++) {
          least = Math.min(least, weights.data()[i]);
          most = Math.max(most, weights.data()[i]);
        }
        ranges[g] += Math.pow((double) most - least, power) / weights.rows();
      }
    }
    return ranges;
  }

  /**
   * The squared range times the mean square of the inputs: what rounding costs, but for a factor.
   */
  static double[] sensitivities(FloatMatrix weights, FitProblem problem, int size) {
    double[] values = ranges(weights, size, 2);
    double[] diagonal = problem.moment().diagonal();
    double[] power = new double[values.length];
    for (int j = 0; j < diagonal.length; j++) {
      power[j / size] += diagonal[j] / size;
    }
    for (int g = 0; g < values.length; g++) {
      values[g] *= power[g];
    }
    return values;
  }

  /** Numbers by their values, the least first; equal ones in their order. */
  static int[] ascending(double[] values) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer i) -> values[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** The largest number that divides both. */
  static int greatestDivisor(int a, int b) {
    return b == 0 ? a : greatestDivisor(b, a % b);
  }
}
