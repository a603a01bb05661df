// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.parallel.WorkerTeam;

/** Layer norms of many rows. */
final class LayerNorms {
  private LayerNorms() {}

  /** Normalizes rows {@code [rows, width]} from one offset on into those from another. */
  static void run(
      BlockWeights weights,
      NormSite norm,
      float[] x,
      int xFrom,
      int rows,
      float[] y,
      int yFrom,
      WorkerTeam team) {
    float[] weight = weights.vector(norm.weight());
    float[] bias = weights.vector(norm.bias().orElseThrow());
    int width = norm.width();
    RowParts.run(
        team,
        rows,
        row ->
            Elementwise.layerNorm(
                x, xFrom + row * width, weight, bias, norm.epsilon(), y, yFrom + row * width));
  }
}
