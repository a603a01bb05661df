// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.TokenSelection;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A mixture of experts: the router, the shared expert if there is one, then expert after expert,
 * each on the tokens that were routed to it. An expert without tokens is not touched.
 */
final class MixtureProgram {
  private final MlpShape.Mixture shape;
  private final LayerShape layer;
  private final int width;
  private final BlockWeights weights;
  private final BranchProgram branches;
  private final Router router;
  private final @Nullable DenseProgram shared;
  private final List<DenseProgram> experts;
  private final ScratchPool scratch;

  MixtureProgram(
      MlpShape.Mixture shape,
      LayerShape layer,
      BlockWeights weights,
      BranchProgram branches,
      KernelOptions options) {
    this.shape = shape;
    this.layer = layer;
    this.width = layer.width();
    this.weights = weights;
    this.branches = branches;
    this.router = new Router(shape.routing(), shape.experts().size());
    MlpShape.Dense all = shape.shared();
    this.shared = all == null ? null : new DenseProgram(all, weights, options);
    this.experts =
        shape.experts().stream().map(expert -> new DenseProgram(expert, weights, options)).toList();
    this.scratch = options.scratch();
  }

  /** What is kept from the router to the end: where tokens go, and gates of the shared expert. */
  private record Kept(Router.Routes routes, float @Nullable [] sharedGates) {}

  List<GroupStep> steps() {
    List<GroupStep> steps = new ArrayList<>();
    steps.add(this::route);
    DenseProgram all = shared;
    if (all != null) {
      steps.add((sites, activations) -> activateShared(all, sites, activations));
      steps.add(this::addShared);
    }
    for (int e = 0; e < experts.size(); e++) {
      int expert = e;
      steps.add((sites, activations) -> activate(expert, sites, activations));
      steps.add((sites, activations) -> add(expert, sites, activations));
    }
    return steps;
  }

  private static Kept kept(Activations activations) {
    if (activations.routing() instanceof Kept kept) {
      return kept;
    }
    throw new IllegalStateException("an expert runs before the router");
  }

  private void route(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] scores = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, scores);
    String correction = shape.routing().correction();
    Router.Routes routes =
        router.route(scores, tokens, correction == null ? null : weights.vector(correction));
    scratch.release(scores);
    activations.keepRouting(new Kept(routes, null));
    if (layer.keepsMlpOutput()) {
      int from = tokens * width;
      Arrays.fill(activations.carried(), from, from + tokens * width, 0f);
    }
    if (shared == null) {
      prepare(0, activations);
    }
  }

  private void activateShared(DenseProgram all, SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    if (shape.sharedGate() != null) {
      float[] gates = new float[tokens];
      int from = sites.offset(sites.kernels().size() - 1, tokens);
      for (int t = 0; t < tokens; t++) {
        gates[t] = Elementwise.sigmoid(projected[from + t]);
      }
      activations.keepRouting(new Kept(kept(activations).routes, gates));
    }
    all.activate(sites, projected, tokens, activations.input());
    scratch.release(projected);
  }

  private void addShared(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] output = scratch.floats(Math.multiplyExact(tokens, width));
    sites.multiply(activations.input(), tokens, output);
    float[] gates = kept(activations).sharedGates;
    for (int t = 0; t < tokens; t++) {
      addRow(activations, output, t, t, gates == null ? 1 : gates[t]);
    }
    scratch.release(output);
    prepare(0, activations);
  }

  /** Adds what an expert gives for a token to the stream, or to what a norm is still to see. */
  private void addRow(Activations activations, float[] output, int from, int token, float gate) {
    boolean kept = layer.keepsMlpOutput();
    BranchProgram.addScaled(
        kept ? gate : gate * branches.factor(),
        output,
        from * width,
        kept ? activations.carried() : activations.hidden(),
        ((kept ? activations.tokens() : 0) + token) * width,
        width);
  }

  /** Gathers the tokens of an expert, or ends the layer behind the last. */
  private void prepare(int expert, Activations activations) {
    if (expert == experts.size()) {
      activations.select(null);
      activations.keepRouting(null);
      if (layer.keepsMlpOutput()) {
        branches.addRows(
            activations,
            activations.carried(),
            activations.tokens() * width,
            layer.norms().mlpOutput());
      }
      branches.normalizeSum(activations);
      return;
    }
    Router.Routes routes = kept(activations).routes;
    int first = routes.firsts()[expert];
    int end = routes.firsts()[expert + 1];
    int[] rows = Arrays.copyOfRange(routes.rows(), first, end);
    float[] gates = Arrays.copyOfRange(routes.gates(), first, end);
    boolean scaled = shape.routing().scalesInput();
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(
          activations.carried(), rows[i] * width, activations.input(), i * width, width);
      if (scaled) {
        Elementwise.scale(gates[i], activations.input(), i * width, (i + 1) * width);
      }
    }
    if (scaled) {
      Arrays.fill(gates, 1f);
    }
    activations.select(new TokenSelection(rows, gates, rows.length));
  }

  private static TokenSelection selected(Activations activations) {
    TokenSelection selection = activations.selection();
    if (selection == null) {
      throw new IllegalStateException("an expert runs without tokens");
    }
    return selection;
  }

  private void activate(int expert, SiteKernels sites, Activations activations) {
    int tokens = selected(activations).count();
    if (tokens > 0) {
      float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
      sites.multiply(activations.input(), tokens, projected);
      experts.get(expert).activate(sites, projected, tokens, activations.input());
      scratch.release(projected);
    }
  }

  private void add(int expert, SiteKernels sites, Activations activations) {
    TokenSelection selection = selected(activations);
    int tokens = selection.count();
    if (tokens > 0) {
      float[] output = scratch.floats(Math.multiplyExact(tokens, width));
      sites.multiply(activations.input(), tokens, output);
      for (int i = 0; i < tokens; i++) {
        addRow(activations, output, i, selection.rows()[i], selection.gates()[i]);
      }
      scratch.release(output);
    }
    prepare(expert + 1, activations);
  }
}
