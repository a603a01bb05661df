// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.tensor.FloatMatrix;

/** The divergence of softmaxes of rows from those of given rows, in nats, in binary64. */
final class SoftmaxDivergence {
  private final FloatMatrix expected;
  private final double[] normalizers;

  SoftmaxDivergence(FloatMatrix expected) {
    this.expected = expected;
    this.normalizers = new double[expected.rows()];
    for (int row = 0; row < normalizers.length; row++) {
      normalizers[row] = normalizer(expected, row);
    }
  }

  /** The logarithm of the sum of exponentials. */
  private static double normalizer(FloatMatrix values, int row) {
    int from = row * values.columns();
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + values.columns(); i++) {
      largest = Math.max(largest, values.data()[i]);
    }
    double sum = 0;
    for (int i = from; i < from + values.columns(); i++) {
      sum += Math.exp(values.data()[i] - largest);
    }
    return largest + Math.log(sum);
  }

  /** {@code KL(softmax(expected) || softmax(values))}, summed over the rows. */
  double of(FloatMatrix values) {
    double sum = 0;
    for (int row = 0; row < normalizers.length; row++) {
      double normalizer = normalizer(values, row);
      int from = row * values.columns();
      for (int i = from; i < from + values.columns(); i++) {
        double expectedLog = expected.data()[i] - normalizers[row];
        sum += Math.exp(expectedLog) * (expectedLog - (values.data()[i] - normalizer));
      }
    }
    return sum;
  }
}
