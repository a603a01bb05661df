// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/** Parts the tokens of a batch that statistics can use from those that they must leave out. */
final class UsableTokens {
  /** Tokens that are copied at a time when some are left out. */
  private static final int CHUNK = 512;

  private static final int TOKENS_IN_PART = 64;

  private final FloatMatrix inputs;
  private final float @Nullable [] weights;
  private final boolean[] usable;
  private final int count;
  private final int skipped;

  /** Receives tokens and their weights. */
  @FunctionalInterface
  interface Receiver {
    /**
     * Takes a chunk.
     *
     * @param weights null if all are 1
     */
    void accept(FloatMatrix inputs, float @Nullable [] weights);
  }

  /**
   * Looks at all values.
   *
   * @param weights of the tokens; null if all are 1
   */
  UsableTokens(FloatMatrix inputs, float @Nullable [] weights, WorkerTeam team) {
    this.inputs = inputs;
    this.weights = weights;
    this.usable = new boolean[inputs.rows()];
    team.run(Math.ceilDiv(usable.length, TOKENS_IN_PART), this::judge);
    int used = 0;
    int left = 0;
    for (int t = 0; t < usable.length; t++) {
      if (!usable[t]) {
        left++;
      } else if (weights != null && weights[t] == 0) {
        usable[t] = false;
      }
      used += usable[t] ? 1 : 0;
    }
    this.count = used;
    this.skipped = left;
  }

  private void judge(int part) {
    int end = Math.min(usable.length, (part + 1) * TOKENS_IN_PART);
    int size = inputs.columns();
    for (int t = part * TOKENS_IN_PART; t < end; t++) {
      float largest = 0;
      for (int i = t * size; i < (t + 1) * size; i++) {
        largest = Math.max(largest, Math.abs(inputs.data()[i]));
      }
      // A NaN survives the maximum and fails the comparison.
      usable[t] = largest <= InputStatistics.LARGEST;
    }
  }

  /** How many tokens are not finite or too large. */
  int skipped() {
    return skipped;
  }

  /** Hands on the usable tokens, in their order. */
  void forEachChunk(Receiver receiver) {
    if (count == usable.length) {
      receiver.accept(inputs, weights);
      return;
    }
    int size = inputs.columns();
    int next = 0;
    for (int done = 0; done < count; done += CHUNK) {
      int rows = Math.min(CHUNK, count - done);
      float[] data = new float[rows * size];
      float[] chunkWeights = new float[rows];
      for (int i = 0; i < rows; next++) {
        if (usable[next]) {
          System.arraycopy(inputs.data(), next * size, data, i * size, size);
          chunkWeights[i] = weights == null ? 1 : weights[next];
          i++;
        }
      }
      receiver.accept(FloatMatrix.wrap(rows, size, data), weights == null ? null : chunkWeights);
    }
  }
}
