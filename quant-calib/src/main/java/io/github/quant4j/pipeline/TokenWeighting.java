// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.SequenceLayout;

/** How much each calibration token counts in the statistics. */
public enum TokenWeighting {
  /** All alike. */
  UNIFORM,
  /**
   * By the attention that a token receives in the block, from 1 for the least of its sequence to 3
   * for the most (RSQ, Sung et al., arXiv:2503.01820, with the settings of its authors).
   */
  ATTENTION;

  private static final float MOST = 3;

  /** Weights from the attention received: each sequence spread over 1 to 3, with a mean of 1. */
  static float[] fromAttention(float[] received, SequenceLayout layout) {
    float[] weights = new float[received.length];
    for (int s = 0; s < layout.count(); s++) {
      int from = layout.start(s);
      int to = from + layout.length(s);
      float least = Float.POSITIVE_INFINITY;
      float most = Float.NEGATIVE_INFINITY;
      for (int i = from; i < to; i++) {
        least = Math.min(least, received[i]);
        most = Math.max(most, received[i]);
      }
      double sum = 0;
      for (int i = from; i < to; i++) {
        float share = most > least ? (received[i] - least) / (most - least) : 0;
        weights[i] = 1 + (MOST - 1) * share;
        sum += weights[i];
      }
      for (int i = from; i < to; i++) {
        weights[i] = (float) (weights[i] * (to - from) / sum);
      }
    }
    return weights;
  }
}
