// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activation;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/** The first layer of an MLP and its nonlinearity. */
final class DenseProgram {
  private final MlpShape.Dense shape;
  private final int inner;
  private final BlockWeights weights;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  DenseProgram(MlpShape.Dense shape, BlockWeights weights, KernelOptions options) {
    this.shape = shape;
    this.inner = shape.inner();
    this.weights = weights;
    this.team = options.team();
    this.scratch = options.scratch();
  }

  /** Takes the input of all tokens through the first layer. */
  void activate(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    activate(sites, projected, tokens, activations.input());
    scratch.release(projected);
  }

  /**
   * Makes the input of the second layer.
   *
   * @param projected what the first layer gives, site after site
   * @param target receives {@code [tokens, inner]}
   */
  void activate(SiteKernels sites, float[] projected, int tokens, float[] target) {
    MlpShape.Dense.Form form = shape.form();
    RowNorm norm = shape.innerNorm() == null ? null : shape.innerNorm().in(weights);
    int second = shape.inputs().size() == 2 ? sites.offset(1, tokens) : 0;
    RowParts.run(
        team,
        tokens,
        row -> {
          int to = row * inner;
          if (form.gate() == null) {
            System.arraycopy(projected, to, target, to, inner);
            form.activation().apply(target, to, to + inner);
          } else if (second > 0) {
            gate(form, projected, to, second + to, 1, target, to);
          } else if (form.gate().interleaved()) {
            gate(form, projected, 2 * to, 2 * to + 1, 2, target, to);
          } else {
            gate(form, projected, 2 * to, 2 * to + inner, 1, target, to);
          }
          if (norm != null) {
            norm.apply(target, to, target, to);
          }
        });
  }

  private void gate(
      MlpShape.Dense.Form form,
      float[] projected,
      int gate,
      int up,
      int step,
      float[] target,
      int to) {
    MlpShape.Dense.Gate kind = form.gate();
    if (kind != null && kind.limit() != 0) {
      clamped(kind, projected, gate, up, step, target, to);
      return;
    }
    Activation activation = form.activation();
    if (step == 1) {
      activation.apply(projected, gate, gate + inner);
      Elementwise.multiply(projected, gate, projected, up, target, to, inner);
      return;
    }
    for (int i = 0; i < inner; i++) {
      target[to + i] = projected[gate + i * step];
    }
    activation.apply(target, to, to + inner);
    for (int i = 0; i < inner; i++) {
      target[to + i] *= projected[up + i * step];
    }
  }

  private void clamped(
      MlpShape.Dense.Gate kind,
      float[] projected,
      int gate,
      int up,
      int step,
      float[] target,
      int to) {
    float limit = (float) kind.limit();
    float alpha = (float) kind.alpha();
    for (int i = 0; i < inner; i++) {
      float g = Math.min(projected[gate + i * step], limit);
      float u = Math.min(Math.max(projected[up + i * step], -limit), limit);
      target[to + i] = g * Elementwise.sigmoid(alpha * g) * (u + 1);
    }
  }
}
