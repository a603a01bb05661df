// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/** Makes queries, keys and values of latent attention, see {@link Projections.Latent}. */
final class LatentProgram {
  private final Projections.Latent latent;
  private final AttentionForm form;
  private final int carriedFrom;
  private final BlockWeights weights;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  LatentProgram(
      Projections.Latent latent,
      AttentionForm form,
      int carriedFrom,
      BlockWeights weights,
      WorkerTeam team,
      ScratchPool scratch) {
    this.latent = latent;
    this.form = form;
    this.carriedFrom = carriedFrom;
    this.weights = weights;
    this.team = team;
    this.scratch = scratch;
  }

  private int downWidth() {
    return latent.rank() + latent.rotatedWidth();
  }

  private int queryWidth() {
    return form.heads() * form.headWidth();
  }

  /** Queries at once, and the short vector of keys and values. */
  void project(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    keepDown(activations, projected, sites.offset(1, tokens));
    int queries = (carriedFrom + downWidth()) * tokens;
    System.arraycopy(projected, 0, activations.carried(), queries, tokens * queryWidth());
    scratch.release(projected);
    readLatent(activations);
  }

  /** The short vectors of queries, and of keys and values. */
  void reduce(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    keepDown(activations, projected, sites.offset(1, tokens));
    NormShape queryNorm = latent.queryNorm();
    if (queryNorm == null) {
      throw new IllegalStateException("no norm of the queries' short vector");
    }
    RowNorm norm = queryNorm.in(weights);
    int width = norm.width();
    RowParts.run(
        team, tokens, row -> norm.apply(projected, row * width, activations.input(), row * width));
    scratch.release(projected);
  }

  /** Queries of their short vectors. */
  void projectQueries(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    int queries = (carriedFrom + downWidth()) * tokens;
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    System.arraycopy(projected, 0, activations.carried(), queries, tokens * queryWidth());
    scratch.release(projected);
    readLatent(activations);
  }

  private void keepDown(Activations activations, float[] projected, int from) {
    int tokens = activations.tokens();
    System.arraycopy(
        projected, from, activations.carried(), carriedFrom * tokens, tokens * downWidth());
  }

  private void readLatent(Activations activations) {
    RowNorm norm = latent.norm().in(weights);
    int from = carriedFrom * activations.tokens();
    RowParts.run(
        team,
        activations.tokens(),
        row ->
            norm.apply(
                activations.carried(),
                from + row * downWidth(),
                activations.input(),
                row * latent.rank()));
  }

  /**
   * Keys and values of the short vector.
   *
   * @return queries, keys and values, one after the other, each {@code [tokens, heads * width]};
   *     borrowed
   */
  float[] expand(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    int heads = form.heads();
    int valueWidth = form.valueWidth();
    int size = queryWidth();
    float[] apart = scratch.floats(Math.multiplyExact(tokens, 2 * size + heads * valueWidth));
    float[] carried = activations.carried();
    int down = carriedFrom * tokens;
    int queries = (carriedFrom + downWidth()) * tokens;
    System.arraycopy(carried, queries, apart, 0, tokens * size);
    int plain = latent.plainWidth();
    RowParts.run(
        team,
        tokens,
        row -> {
          int shared = down + row * downWidth() + latent.rank();
          for (int head = 0; head < heads; head++) {
            int from = (row * heads + head) * (plain + valueWidth);
            int key = tokens * size + row * size + head * form.headWidth();
            int value = 2 * tokens * size + (row * heads + head) * valueWidth;
            System.arraycopy(projected, from, apart, key, plain);
            System.arraycopy(carried, shared, apart, key + plain, latent.rotatedWidth());
            System.arraycopy(projected, from + plain, apart, value, valueWidth);
          }
        });
    scratch.release(projected);
    return apart;
  }
}
