// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.NormSite;
import io.github.quant4j.parallel.WorkerTeam;

/** The end of an encoder, which has no sites: {@code features = norm(h)}. */
public final class EncoderHeadProgram implements BlockProgram {
  private final BlockWeights weights;
  private final NormSite norm;
  private final WorkerTeam team;

  public EncoderHeadProgram(BlockWeights weights, NormSite norm, WorkerTeam team) {
    this.weights = weights;
    this.norm = norm;
    this.team = team;
  }

  @Override
  public void start(Activations activations) {
    EncoderProgram.normalize(weights, norm, activations, activations.output(), team);
  }

  @Override
  public void step(int group, Activations activations) {
    throw new IllegalArgumentException("group: " + group + ", expected none");
  }
}
