// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import java.util.Objects;
import java.util.SplittableRandom;

/**
 * Draws tokens of one text, see {@link Sampling}. The draws depend on the seed and the logits
 * alone. Not thread-safe.
 */
public final class TokenSampler {
  private final Sampling sampling;
  private final SplittableRandom random;
  private double[] weights = new double[0];
  private long[] heap = new long[0];

  /**
   * Begins a text.
   *
   * @param sampling how to draw
   */
  public TokenSampler(Sampling sampling) {
    this(sampling, new SplittableRandom(sampling.seed()));
  }

  /**
   * Begins a text with a generator of its own.
   *
   * @param sampling how to draw; its seed is not used
   * @param random where chance comes from
   */
  public TokenSampler(Sampling sampling, SplittableRandom random) {
    this.sampling = sampling;
    this.random = random;
  }

  /**
   * Draws a token.
   *
   * <p>Cost: linear in the vocabulary, and logarithmic for each token among the likeliest.
   *
   * @param logits the prediction; negative infinity excludes a token
   * @param offset position of the first token's logit
   * @param count the number of tokens, at least 1
   * @return the token, from 0 to {@code count} less one
   * @throws IndexOutOfBoundsException if the logits are not within the array
   * @throws ArithmeticException if a logit is NaN or positive infinity, or every token is excluded
   */
  public int next(float[] logits, int offset, int count) {
    Objects.checkFromIndexSize(offset, count, logits.length);
    int likeliest = likeliest(logits, offset, count);
    float largest = logits[offset + likeliest];
    if (!Float.isFinite(largest)) {
      throw new ArithmeticException(
          "logits: the largest is " + largest + ", expected finite numbers");
    }
    if (sampling.temperature() == 0) {
      return likeliest;
    }
    if (weights.length < count) {
      weights = new double[count];
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      weights[i] = Math.exp((logits[offset + i] - largest) / sampling.temperature());
      sum += weights[i];
    }
    boolean all = sampling.topP() == 1 && (sampling.topK() == 0 || sampling.topK() >= count);
    return all ? draw(count, sum) : drawLikely(logits, offset, count, sum);
  }

  /** The first token of the largest logit; a NaN counts as largest, so that it is found. */
  private static int likeliest(float[] logits, int offset, int count) {
    int best = 0;
    for (int i = 0; i < count; i++) {
      if (Float.isNaN(logits[offset + i])) {
        return i;
      }
      if (logits[offset + i] > logits[offset + best]) {
        best = i;
      }
    }
    return best;
  }

  private int draw(int count, double sum) {
    double left = random.nextDouble() * sum;
    int last = 0;
    for (int i = 0; i < count; i++) {
      if (weights[i] > 0) {
        left -= weights[i];
        last = i;
        if (left < 0) {
          break;
        }
      }
    }
    // Rounding may leave a trace of the sum after the last token.
    return last;
  }

  /** Takes tokens off a heap, likeliest first, as long as top-k and top-p allow. */
  private int drawLikely(float[] logits, int offset, int count, double sum) {
    fillHeap(logits, offset, count);
    int most = sampling.topK() == 0 ? count : Math.min(sampling.topK(), count);
    int[] kept = new int[most < count ? most : 16];
    int size = 0;
    double mass = 0;
    // Top-p looks at the tokens that top-k has left, which must all be known first.
    boolean eager = most < count && sampling.topP() < 1;
    double enough =
        eager || sampling.topP() == 1 ? Double.POSITIVE_INFINITY : sampling.topP() * sum;
    while (size < most && mass < enough) {
      int token = takeLikeliest(count - size);
      if (size == kept.length) {
        kept = java.util.Arrays.copyOf(kept, 2 * size);
      }
      kept[size++] = token;
      mass += weights[token];
    }
    if (eager) {
      enough = sampling.topP() * mass;
      mass = 0;
      int keep = 0;
      while (keep < size && mass < enough) {
        mass += weights[kept[keep++]];
      }
      size = keep;
    }
    double left = random.nextDouble() * mass;
    int chosen = 0;
    for (int i = 0; i < size && weights[kept[i]] > 0; i++) {
      chosen = i;
      left -= weights[kept[i]];
      if (left < 0) {
        break;
      }
    }
    return kept[chosen];
  }

  /** Keys that order by logit, and by token among equals. */
  private void fillHeap(float[] logits, int offset, int count) {
    if (heap.length < count) {
      heap = new long[count];
    }
    for (int i = 0; i < count; i++) {
      // Adding zero makes the two zeros equal.
      int bits = Float.floatToIntBits(logits[offset + i] + 0f);
      int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE);
      heap[i] = (long) ordered << 32 | (Integer.MAX_VALUE - i);
    }
    for (int i = count / 2 - 1; i >= 0; i--) {
      sink(i, count);
    }
  }

  private int takeLikeliest(int size) {
    long top = heap[0];
    heap[0] = heap[size - 1];
    sink(0, size - 1);
    return Integer.MAX_VALUE - (int) top;
  }

  private void sink(int start, int size) {
    long moving = size > 0 ? heap[start] : 0;
    int hole = start;
    while (true) {
      int child = 2 * hole + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1] > heap[child]) {
        child++;
      }
      if (heap[child] <= moving) {
        break;
      }
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = moving;
  }
}
