// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

import org.jspecify.annotations.Nullable;

/** The weights of a block that is to be encoded, with their importance. */
final class BlockInput {
  private final float[] weights;
  private final int from;
  private final int size;
  private final float @Nullable [] importance;
  private final int importanceFrom;
  private final float rowSquare;

  /**
   * Describes a block.
   *
   * @param rowSquare the mean square of the whole row
   */
  BlockInput(
      float[] weights,
      int from,
      int size,
      float @Nullable [] importance,
      int importanceFrom,
      float rowSquare) {
    this.weights = weights;
    this.from = from;
    this.size = size;
    this.importance = importance;
    this.importanceFrom = importanceFrom;
    this.rowSquare = rowSquare;
  }

  boolean isWeighted() {
    return importance != null;
  }

  float get(int i) {
    return weights[from + i];
  }

  /** Some of the weights. */
  float[] run(int first, int count) {
    float[] run = new float[count];
    System.arraycopy(weights, from + first, run, 0, count);
    return run;
  }

  float rowSquare() {
    return rowSquare;
  }

  /** The sum of the squares of the block. */
  float squares() {
    return squares(0, size);
  }

  float squares(int first, int count) {
    float sum = 0;
    for (int i = from + first; i < from + first + count; i++) {
      sum += weights[i] * weights[i];
    }
    return sum;
  }

  /** Importance itself. */
  float[] importances(int first, int count) {
    float[] given = importance;
    if (given == null) {
      throw new IllegalStateException("these weights have no importance");
    }
    float[] result = new float[count];
    System.arraycopy(given, importanceFrom + first, result, 0, count);
    return result;
  }

  /** Importance times a magnitude of each weight that does not vanish with it. */
  float[] importances(int first, int count, float variance) {
    float[] result = importances(first, count);
    for (int i = 0; i < count; i++) {
      float x = get(first + i);
      result[i] *= (float) Math.sqrt(variance + x * x);
    }
    return result;
  }

  /** The weight of the largest magnitude, with its sign; the first of several. */
  float extreme(int first, int count) {
    float most = 0;
    float extreme = 0;
    for (int i = first; i < first + count; i++) {
      float x = get(i);
      if (Math.abs(x) > most) {
        most = Math.abs(x);
        extreme = x;
      }
    }
    return extreme;
  }
}
