// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.SequenceLayout;

/**
 * Token weights from the attention that tokens receive in a block: spread from 1 for the least of a
 * sequence to some factor for the most, then divided by the mean (RSQ, Sung et al.,
 * arXiv:2503.01820).
 */
final class AttentionWeights {
  private AttentionWeights() {}

  /**
   * The weights of a batch.
   *
   * @param received the attention that each token received
   * @param most the factor, at least 1
   */
  static float[] of(float[] received, double most, SequenceLayout layout) {
    float[] weights = new float[received.length];
    for (int s = 0; s < layout.count(); s++) {
      int from = layout.start(s);
      int to = from + layout.length(s);
      float least = Float.POSITIVE_INFINITY;
      float largest = Float.NEGATIVE_INFINITY;
      for (int i = from; i < to; i++) {
        least = Math.min(least, received[i]);
        largest = Math.max(largest, received[i]);
      }
      double sum = 0;
      for (int i = from; i < to; i++) {
        float share = largest > least ? (received[i] - least) / (largest - least) : 0;
        weights[i] = (float) (1 + (most - 1) * share);
        sum += weights[i];
      }
      for (int i = from; i < to; i++) {
        weights[i] = (float) (weights[i] * (to - from) / sum);
      }
    }
    return weights;
  }
}
