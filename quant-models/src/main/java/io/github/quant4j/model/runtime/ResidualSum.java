// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/** The end of a residual branch: {@code h += sites(input)}. */
public final class ResidualSum {
  private ResidualSum() {}

  /** Runs the only site of a group on its input and adds what it gives to the hidden states. */
  public static void add(
      SiteKernels sites, Activations activations, WorkerTeam team, ScratchPool scratch) {
    int tokens = activations.tokens();
    int width = sites.width();
    float[] output = scratch.floats(Math.multiplyExact(tokens, width));
    sites.multiply(activations.input(), tokens, output);
    RowParts.run(
        team,
        tokens,
        row -> Elementwise.add(output, row * width, activations.hidden(), row * width, width));
    scratch.release(output);
  }
}
