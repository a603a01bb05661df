// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.model.runtime.Activation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What follows attention in a layer. */
public sealed interface MlpShape {

  /** The groups of a layer's MLP. */
  List<SiteGroup> groups(InputOrigin origin);

  /** The vectors of a layer's MLP. */
  List<VectorShape> vectors();

  /** The sites whose outputs are added to the residual stream. */
  List<LinearSite> writers();

  /**
   * Two layers and a nonlinearity between them.
   *
   * @param form how the inputs of the second layer come about
   * @param inputs gate and up; or the one site that is both; or the only one where there is no gate
   * @param output the second layer
   * @param innerNorm normalizes what goes into the output; null if nothing does
   */
  record Dense(Form form, List<LinearSite> inputs, LinearSite output, @Nullable NormShape innerNorm)
      implements MlpShape {

    /** Copies the list. */
    public Dense {
      inputs = List.copyOf(inputs);
    }

    /**
     * How the inputs of the second layer come about.
     *
     * @param activation the nonlinearity
     * @param gate how two outputs are made one; null if there is no gate
     */
    public record Form(Activation activation, @Nullable Gate gate) {}

    /**
     * A gate: {@code activation(gate) * up}.
     *
     * @param interleaved whether one site has a gate and what it gates in turn, rather than all
     *     gates first
     * @param limit if not 0, {@code gate} is at most this and {@code up} at most this far from 0;
     *     the product is then {@code gate / (1 + e^(-alpha gate)) * (up + 1)} (gpt-oss)
     * @param alpha see the limit
     */
    public record Gate(boolean interleaved, double limit, double alpha) {}

    /** Inputs of the second layer. */
    int inner() {
      return output.inFeatures();
    }

    List<SiteGroup> groups(String name, InputOrigin origin) {
      return List.of(
          new SiteGroup(name + ".input", inputs, origin),
          new SiteGroup(name + ".output", List.of(output), outputOrigin()));
    }

    @Override
    public List<SiteGroup> groups(InputOrigin origin) {
      return groups("mlp", origin);
    }

    private InputOrigin outputOrigin() {
      if (innerNorm != null) {
        return innerNorm.origin();
      }
      Gate gate = form.gate();
      if (gate == null) {
        return new InputOrigin.Activated(inputs.getFirst());
      }
      return inputs.size() == 2 && gate.limit() == 0
          ? new InputOrigin.Gated(inputs.get(1), inputs.get(0))
          : new InputOrigin.Fixed();
    }

    @Override
    public List<VectorShape> vectors() {
      return innerNorm == null ? List.of() : innerNorm.vectors();
    }

    @Override
    public List<LinearSite> writers() {
      return List.of(output);
    }
  }

  /**
   * A mixture of experts, of which each token uses a few.
   *
   * @param router makes a score for each expert
   * @param routing makes experts and gates of scores
   * @param experts all of one shape
   * @param shared the expert that every token uses; null if there is none
   * @param sharedGate makes the gate of the shared expert; null if it counts as it is
   */
  record Mixture(
      LinearSite router,
      Routing routing,
      List<Dense> experts,
      @Nullable Dense shared,
      @Nullable LinearSite sharedGate)
      implements MlpShape {

    /** Copies the list. */
    public Mixture {
      experts = List.copyOf(experts);
    }

    @Override
    public List<SiteGroup> groups(InputOrigin origin) {
      List<SiteGroup> groups = new ArrayList<>();
      groups.add(new SiteGroup("mlp.router", List.of(router), origin));
      if (shared != null) {
        List<LinearSite> inputs = new ArrayList<>(shared.inputs());
        if (sharedGate != null) {
          inputs.add(sharedGate);
        }
        groups.add(new SiteGroup("mlp.shared.input", inputs, origin));
        groups.add(shared.groups("mlp.shared", origin).get(1));
      }
      double share = (double) routing.used() / experts.size();
      for (int e = 0; e < experts.size(); e++) {
        for (SiteGroup group : experts.get(e).groups("mlp.experts." + e, origin)) {
          groups.add(new SiteGroup(group.name(), group.sites(), group.origin(), share));
        }
      }
      return groups;
    }

    @Override
    public List<VectorShape> vectors() {
      List<VectorShape> vectors = new ArrayList<>();
      vectors.addAll(routing.vectors(experts.size()));
      experts.forEach(expert -> vectors.addAll(expert.vectors()));
      return vectors;
    }

    @Override
    public List<LinearSite> writers() {
      List<LinearSite> writers = new ArrayList<>();
      if (shared != null) {
        writers.add(shared.output());
      }
      experts.forEach(expert -> writers.add(expert.output()));
      return writers;
    }
  }
}
