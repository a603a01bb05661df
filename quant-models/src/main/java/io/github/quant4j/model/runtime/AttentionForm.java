// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.transform.HeadStructure;
import org.jspecify.annotations.Nullable;

/**
 * The form of attention: {@code softmax(cap(factor q k) + slope (j - i))} over what a token sees.
 *
 * @param heads query heads
 * @param keyValueHeads key and value heads; divides {@code heads}
 * @param headWidth channels of a query and of a key
 * @param valueWidth channels of a value
 * @param factor what scores are multiplied by
 * @param scoreCap if not 0, scores become {@code cap tanh(score / cap)} (Gemma 2)
 * @param slopes for each query head what is added for each position of distance (ALiBi,
 *     arXiv:2108.12409); null if nothing is
 * @param span what a token sees
 */
public record AttentionForm(
    int heads,
    int keyValueHeads,
    int headWidth,
    int valueWidth,
    double factor,
    double scoreCap,
    float @Nullable [] slopes,
    Span span) {

  /**
   * Which positions a causal token sees: the last {@code window}, itself included, and those of its
   * own run of {@code chunk} positions; 0 is no limit.
   */
  public record Span(int window, int chunk) {
    /** A token sees all positions before it. */
    public static final Span ALL = new Span(0, 0);

    /** The first position that the token at a position sees. */
    public int earliest(int position) {
      int first = window == 0 ? 0 : Math.max(0, position - window + 1);
      return chunk == 0 ? first : Math.max(first, position / chunk * chunk);
    }

    /** What configurations call layers that see this much. */
    public String kind() {
      return window > 0 ? "sliding_attention" : chunk > 0 ? "chunked_attention" : "full_attention";
    }

    /** Whether tokens forget anything. */
    public boolean isLimited() {
      return window > 0 || chunk > 0;
    }

    /** At most so many positions are seen by one token. */
    public int most() {
      return Math.min(
          window == 0 ? Integer.MAX_VALUE : window, chunk == 0 ? Integer.MAX_VALUE : chunk);
    }
  }

  /** Attention as it was first described: the factor is one over the root of the head's width. */
  public static AttentionForm of(HeadStructure heads) {
    return new AttentionForm(
        heads.queryHeads(),
        heads.keyValueHeads(),
        heads.headSize(),
        heads.headSize(),
        1 / Math.sqrt(heads.headSize()),
        0,
        null,
        Span.ALL);
  }

  /**
   * The slopes of ALiBi: powers of {@code 2^(-8 / n)} for the largest power of two n among the
   * heads, and every other one of {@code 2^(-4 / n)} for the heads beyond.
   *
   * @param factor what they are multiplied by
   */
  public static float[] slopes(int heads, double factor) {
    int power = Integer.highestOneBit(heads);
    float[] slopes = new float[heads];
    for (int h = 0; h < heads; h++) {
      double exponent = h < power ? -8.0 * (h + 1) / power : -4.0 * (2 * (h - power) + 1) / power;
      slopes[h] = (float) (factor * Math.pow(2, exponent));
    }
    return slopes;
  }

  /** Whether scores are multiplied by the factor and nothing else. */
  boolean isPlain() {
    return scoreCap == 0 && slopes == null;
  }

  /** Makes products of queries and keys scores. */
  void adjust(float[] scores, int row, int from, int to, int head, int distance) {
    Elementwise.scale((float) factor, scores, row + from, row + to);
    if (scoreCap != 0) {
      Elementwise.cap((float) scoreCap, scores, row + from, row + to);
    }
    if (slopes != null) {
      for (int i = from; i < to; i++) {
        scores[row + i] += slopes[head] * (distance + i);
      }
    }
  }
}
