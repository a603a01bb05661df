// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.LayerNorms;
import io.github.quant4j.parallel.WorkerTeam;

/** What a decoder's head does to rows of hidden states. */
record TextHeadProgram(NormSite norm, BlockWeights weights, WorkerTeam team) {

  /** Normalizes hidden states {@code [rows, width]} as the head reads them. */
  void normalize(float[] hidden, int rows, float[] target) {
    LayerNorms.run(weights, norm, hidden, 0, rows, target, 0, team);
  }

  /** The logits of rows that are normalized. */
  void multiply(float[] normalized, int rows, float[] logits) {
    weights.group(0).multiply(normalized, rows, logits);
  }
}
