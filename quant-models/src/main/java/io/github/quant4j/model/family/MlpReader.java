// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.decoder.NormShape;
import io.github.quant4j.model.decoder.Routing;
import io.github.quant4j.model.runtime.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads the MLP of a layer. */
final class MlpReader {
  private static final int MOST_EXPERTS = 1 << 16;

  private final OptionReader options;
  private final int hidden;

  MlpReader(OptionReader options, int hidden) {
    this.options = options;
    this.hidden = hidden;
  }

  /** How gate and up lie in the checkpoint. */
  private enum Fused {
    NONE,
    PARTS,
    INTERLEAVED
  }

  /** Where an MLP stands, and so what its tensors and options are called. */
  private enum Place {
    LAYER("", "mlp_fused", "mlp_bias"),
    EXPERT("expert_", "expert_fused", "expert_bias"),
    SHARED("shared_", "shared_fused", "mlp_bias");

    private final String prefix;
    private final String fused;
    private final String bias;

    Place(String prefix, String fused, String bias) {
      this.prefix = prefix;
      this.fused = fused;
      this.bias = bias;
    }
  }

  MlpShape read() {
    int experts = options.optionalInteger("experts", 0, MOST_EXPERTS).orElse(0);
    return experts == 0
        ? dense(Place.LAYER, options.integer("mlp_inner", 1, AttentionReader.WIDEST), -1)
        : mixture(experts);
  }

  private Activation activation() {
    String name = options.text("activation");
    Optional<Activation> known = Activation.of(name);
    if (known.isEmpty()) {
      options.problem("activation", "one of " + Activation.names());
    }
    return known.orElse(Activation.SILU);
  }

  private MlpShape.Dense dense(Place place, int inner, int expert) {
    boolean biased = options.flag(place.bias);
    boolean gated = options.flag("mlp_gated");
    Fused fused = options.choice(place.fused, Fused.class);
    String prefix = place.prefix;
    List<LinearSite> inputs = new ArrayList<>();
    if (!gated) {
      inputs.add(site(prefix + "up", expert, hidden, inner, biased));
    } else if (fused == Fused.NONE) {
      inputs.add(site(prefix + "gate", expert, hidden, inner, biased));
      inputs.add(site(prefix + "up", expert, hidden, inner, biased));
    } else {
      inputs.add(site(prefix + "gate_up", expert, hidden, 2 * inner, biased));
    }
    MlpShape.Dense.Gate gate =
        gated
            ? new MlpShape.Dense.Gate(
                fused == Fused.INTERLEAVED,
                options.number("gate_limit"),
                options.number("gate_alpha"))
            : null;
    NormShape innerNorm =
        place == Place.LAYER ? new NormReader(options, "norm").read("mlp_inner_norm", inner) : null;
    return new MlpShape.Dense(
        new MlpShape.Dense.Form(activation(), gate),
        inputs,
        site(prefix + "down", expert, inner, hidden, biased),
        innerNorm);
  }

  private LinearSite site(String role, int expert, int in, int out, boolean biased) {
    return LinearSite.of(options.requireTensor(role, expert), in, out, biased);
  }

  private MlpShape mixture(int count) {
    int used = options.integer("experts_used", 1, count);
    int inner = options.integer("expert_inner", 1, AttentionReader.WIDEST);
    List<MlpShape.Dense> experts = new ArrayList<>();
    for (int e = 0; e < count; e++) {
      experts.add(dense(Place.EXPERT, inner, e));
    }
    int sharedInner = options.optionalInteger("shared_inner", 0, AttentionReader.WIDEST).orElse(0);
    String sharedGate = options.tensor("shared_gating");
    return new MlpShape.Mixture(
        LinearSite.of(options.requireTensor("router"), hidden, count, options.flag("router_bias")),
        routing(count, used),
        experts,
        sharedInner == 0 ? null : dense(Place.SHARED, sharedInner, -1),
        sharedInner == 0 || sharedGate == null
            ? null
            : LinearSite.of(sharedGate, hidden, 1, false));
  }

  private Routing routing(int experts, int used) {
    int groups = options.optionalInteger("expert_groups", 1, experts).orElse(1);
    if (experts % groups != 0) {
      options.problem(
          "expert_groups",
          "a divisor of "
              + options.source("experts").map(name -> "'" + name + "'").orElse("all experts")
              + ", which is "
              + experts);
      groups = 1;
    }
    int groupsUsed = options.optionalInteger("expert_groups_used", 1, groups).orElse(groups);
    if (used > groupsUsed * (experts / groups)) {
      options.problem(
          "experts_used",
          "at most " + groupsUsed * (experts / groups) + ", the experts of a token's groups");
    }
    return new Routing(
        options.choice("router_scores", Routing.Scoring.class),
        used,
        options.flag("gates_normalized"),
        options.positive("gate_factor"),
        groups,
        groupsUsed,
        options.choice("group_score", Routing.GroupScore.class),
        options.tensor("router_correction"),
        options.number("router_jitter"),
        options.flag("gates_scale_input"));
  }
}
