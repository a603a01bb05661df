// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

/** Logarithms of probabilities. */
final class LogSoftmax {
  private LogSoftmax() {}

  /**
   * The logarithm of the sum of exponentials of a run of scores, which may be negative infinity.
   *
   * @throws ArithmeticException if one is NaN or positive infinity
   */
  static double logSum(float[] scores, int from, int to) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      // A comparison with NaN would be false.
      if (!(scores[i] < Float.POSITIVE_INFINITY)) {
        throw new ArithmeticException("logits: " + scores[i] + ", expected finite numbers");
      }
      largest = Math.max(largest, scores[i]);
    }
    if (largest == Float.NEGATIVE_INFINITY) {
      return Double.NEGATIVE_INFINITY;
    }
    double sum = 0;
    for (int i = from; i < to; i++) {
      if (scores[i] > Float.NEGATIVE_INFINITY) {
        sum += Math.exp((double) scores[i] - largest);
      }
    }
    return largest + Math.log(sum);
  }
}
