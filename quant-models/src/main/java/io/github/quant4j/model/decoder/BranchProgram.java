// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.ResidualSum;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import org.jspecify.annotations.Nullable;

/** The residual stream of a layer: what branches read from it, and how they are added to it. */
final class BranchProgram {
  private final LayerShape shape;
  private final LayerShape.Norms norms;
  private final int width;
  private final float factor;
  private final BlockWeights weights;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  BranchProgram(LayerShape shape, BlockWeights weights, KernelOptions options) {
    this.shape = shape;
    this.norms = shape.norms();
    this.width = shape.width();
    this.factor = (float) shape.residualFactor();
    this.weights = weights;
    this.team = options.team();
    this.scratch = options.scratch();
  }

  /** Makes the input of attention. */
  void begin(Activations activations) {
    boolean after = shape.order() == LayerShape.Order.NORM_AFTER_SUM;
    if (after) {
      copy(activations);
    } else {
      read(activations, norms.attention(), activations.input());
    }
    if (shape.order() == LayerShape.Order.PARALLEL) {
      if (norms.mlp() == null) {
        System.arraycopy(
            activations.input(), 0, activations.carried(), 0, activations.tokens() * width);
      } else {
        read(activations, norms.mlp(), activations.carried());
      }
    }
  }

  /** Runs the output projection of attention, adds it, and makes the input of the MLP. */
  void endAttention(SiteKernels sites, Activations activations) {
    add(sites, activations, norms.attentionOutput());
    switch (shape.order()) {
      case PARALLEL ->
          System.arraycopy(
              activations.carried(), 0, activations.input(), 0, activations.tokens() * width);
      case SEQUENTIAL -> read(activations, norms.mlp(), activations.input());
      case NORM_AFTER_SUM -> {
        if (norms.attention() != null) {
          read(activations, norms.attention(), activations.hidden());
        }
        copy(activations);
      }
    }
    if (shape.keepsMlpInput() && shape.order() != LayerShape.Order.PARALLEL) {
      System.arraycopy(
          activations.input(), 0, activations.carried(), 0, activations.tokens() * width);
    }
  }

  /** Runs the output layer of the MLP and adds it. */
  void endMlp(SiteKernels sites, Activations activations) {
    add(sites, activations, norms.mlpOutput());
    normalizeSum(activations);
  }

  /** What follows the sum of a layer's last branch. */
  void normalizeSum(Activations activations) {
    if (shape.order() == LayerShape.Order.NORM_AFTER_SUM && norms.mlp() != null) {
      read(activations, norms.mlp(), activations.hidden());
    }
  }

  private void copy(Activations activations) {
    read(activations, null, activations.input());
  }

  /** The stream, normalized if there is a norm; only then the target may be the stream itself. */
  private void read(Activations activations, @Nullable NormShape norm, float[] target) {
    float[] hidden = activations.hidden();
    if (norm == null) {
      System.arraycopy(hidden, 0, target, 0, activations.tokens() * width);
      return;
    }
    RowNorm rows = norm.in(weights);
    RowParts.run(
        team, activations.tokens(), row -> rows.apply(hidden, row * width, target, row * width));
  }

  private void add(SiteKernels sites, Activations activations, @Nullable NormShape norm) {
    if (norm == null && factor == 1) {
      ResidualSum.add(sites, activations, team, scratch);
      return;
    }
    int tokens = activations.tokens();
    float[] output = scratch.floats(Math.multiplyExact(tokens, width));
    sites.multiply(activations.input(), tokens, output);
    addRows(activations, output, 0, norm);
    scratch.release(output);
  }

  /**
   * Adds what a branch gives for all tokens.
   *
   * @param norm of what is added, null for none; the rows are changed
   */
  void addRows(Activations activations, float[] output, int from, @Nullable NormShape norm) {
    RowNorm rows = norm == null ? null : norm.in(weights);
    float[] hidden = activations.hidden();
    RowParts.run(
        team,
        activations.tokens(),
        row -> {
          int at = from + row * width;
          if (rows != null) {
            rows.apply(output, at, output, at);
          }
          addScaled(factor, output, at, hidden, row * width, width);
        });
  }

  /** {@code y += factor * x}. */
  static void addScaled(float factor, float[] x, int xFrom, float[] y, int yFrom, int count) {
    for (int i = 0; i < count; i++) {
      y[yFrom + i] += factor * x[xFrom + i];
    }
  }

  /** What branches are multiplied by. */
  float factor() {
    return factor;
  }
}
