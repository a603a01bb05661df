// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.HeadProgram;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/** The end of a decoder, see {@link HeadShape}. */
final class DecoderHeadProgram implements HeadProgram {
  private final HeadShape shape;
  private final int hidden;
  private final @Nullable FloatMatrix projection;
  private final BlockWeights weights;
  private final WorkerTeam team;

  DecoderHeadProgram(
      HeadShape shape,
      int hidden,
      @Nullable FloatMatrix projection,
      BlockWeights weights,
      KernelOptions options) {
    this.shape = shape;
    this.hidden = hidden;
    this.projection = projection;
    this.weights = weights;
    this.team = options.team();
  }

  @Override
  public void start(Activations activations) {
    normalize(activations.hidden(), 0, activations.tokens(), activations.input());
  }

  @Override
  public void step(int group, Activations activations) {
    logits(activations.input(), activations.tokens(), activations.output());
  }

  @Override
  public void normalize(float[] states, int from, int rows, float[] target) {
    RowNorm norm = shape.norm() == null ? null : shape.norm().in(weights);
    FloatMatrix narrow = projection;
    if (narrow == null) {
      RowParts.run(
          team,
          rows,
          row -> {
            if (norm == null) {
              System.arraycopy(states, from + row * hidden, target, row * hidden, hidden);
            } else {
              norm.apply(states, from + row * hidden, target, row * hidden);
            }
          });
      return;
    }
    int width = narrow.rows();
    RowParts.run(
        team,
        rows,
        row -> {
          float[] state = new float[hidden];
          System.arraycopy(states, from + row * hidden, state, 0, hidden);
          if (norm != null) {
            norm.apply(state, 0, state, 0);
          }
          DecoderEmbedding.project(narrow, state, 0, target, row * width);
        });
  }

  @Override
  public void logits(float[] normalized, int rows, float[] target) {
    weights.group(0).multiply(normalized, rows, target);
    if (shape.factor() == 1 && shape.cap() == 0) {
      return;
    }
    int width = shape.site().outFeatures();
    RowParts.run(
        team,
        rows,
        row -> {
          if (shape.factor() != 1) {
            Elementwise.scale((float) shape.factor(), target, row * width, (row + 1) * width);
          }
          if (shape.cap() != 0) {
            Elementwise.cap((float) shape.cap(), target, row * width, (row + 1) * width);
          }
        });
  }
}
