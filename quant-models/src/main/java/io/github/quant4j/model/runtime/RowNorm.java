// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.NormSite;
import org.jspecify.annotations.Nullable;

/**
 * A normalization of rows with the values that it has at present.
 *
 * @param kind how it normalizes
 * @param width channels that are normalized together
 * @param epsilon what is added to the mean square
 * @param offset what is added to the weights
 * @param weight null if there are no weights; may be longer than the width
 * @param bias null if there is none
 */
public record RowNorm(
    NormSite.Kind kind,
    int width,
    double epsilon,
    float offset,
    float @Nullable [] weight,
    float @Nullable [] bias) {

  /** Normalizes one row; {@code y} may be {@code x}. */
  public void apply(float[] x, int xFrom, float[] y, int yFrom) {
    apply(x, xFrom, y, yFrom, 0);
  }

  /**
   * Normalizes one row with the weights from some position on; {@code y} may be {@code x}.
   *
   * @param from where the row's weights begin
   */
  public void apply(float[] x, int xFrom, float[] y, int yFrom, int from) {
    if (kind == NormSite.Kind.ROOT_MEAN_SQUARE
        && offset == 0
        && bias == null
        && weight != null
        && weight.length == width) {
      Elementwise.rootMeanSquareNorm(x, xFrom, weight, epsilon, y, yFrom);
      return;
    }
    double mean =
        kind == NormSite.Kind.LAYER ? Elementwise.sum(x, xFrom, xFrom + width) / width : 0;
    double squares = 0;
    for (int c = 0; c < width; c++) {
      double difference = x[xFrom + c] - mean;
      squares += difference * difference;
    }
    double factor = 1 / Math.sqrt(squares / width + epsilon);
    for (int c = 0; c < width; c++) {
      double value = (x[xFrom + c] - mean) * factor;
      if (weight != null) {
        value *= weight[from + c] + offset;
      }
      y[yFrom + c] = (float) (bias == null ? value : value + bias[from + c]);
    }
  }
}
