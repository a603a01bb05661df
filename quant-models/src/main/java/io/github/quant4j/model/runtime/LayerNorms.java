// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.parallel.WorkerTeam;

/** Layer norms of many rows. */
public final class LayerNorms {
  private LayerNorms() {}

  /** Normalizes rows {@code [rows, width]} from one offset on into those from another. */
  public static void run(
      BlockWeights weights,
      NormSite norm,
      float[] x,
      int xFrom,
      int rows,
      float[] y,
      int yFrom,
      WorkerTeam team) {
    float[] weight = weights.vector(norm.weight());
    float[] bias = norm.bias().map(weights::vector).orElseGet(() -> new float[norm.width()]);
    int width = norm.width();
    RowParts.run(
        team,
        rows,
        row ->
            Elementwise.layerNorm(
                x, xFrom + row * width, weight, bias, norm.epsilon(), y, yFrom + row * width));
  }
}
