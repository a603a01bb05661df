// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

/** Logarithms of probabilities from logits, in binary64. */
final class LogProbabilities {
  private LogProbabilities() {}

  /** The logarithm of the sum of exponentials of one row. */
  static double normalizer(float[] logits, int at, int vocabulary) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < vocabulary; i++) {
      largest = Math.max(largest, logits[at + i]);
    }
    double sum = 0;
    for (int i = 0; i < vocabulary; i++) {
      sum += Math.exp(logits[at + i] - largest);
    }
    return largest + Math.log(sum);
  }
}
