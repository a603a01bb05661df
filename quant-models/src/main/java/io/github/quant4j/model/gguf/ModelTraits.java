// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.EmbeddingShape;
import io.github.quant4j.model.decoder.HeadNorm;
import io.github.quant4j.model.decoder.HeadShape;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.decoder.NormShape;
import io.github.quant4j.model.decoder.Projections;
import io.github.quant4j.model.decoder.Routing;
import io.github.quant4j.model.runtime.Activation;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What a model computes, without the names of its tensors and how they are stored: by this a model
 * is compared with what is read of the metadata that was made for it.
 */
final class ModelTraits {
  /** Metadata has numbers in binary32. */
  private static final double TOLERANCE = 2e-6;

  private final SequencedMap<String, Object> traits = new LinkedHashMap<>();
  private final int positions;

  private ModelTraits(DecoderConfiguration model) {
    this.positions = model.maximumPositions();
    put("vocabulary", model.vocabularySize());
    put("hidden", model.hiddenSize());
    put("maximum_positions", positions);
    EmbeddingShape embedding = model.embedding();
    put("embedding_factor", embedding.factor());
    put("embedding_width", embedding.width());
    put("positions", embedding.positions() != null);
    norm("embedding_norm", embedding.norm());
    HeadShape head = model.headShape();
    norm("final_norm", head.norm());
    put("logit_factor", head.factor());
    put("logit_cap", head.cap());
    put("head_bias", head.site().bias().isPresent());
    put("layers", model.layers());
    for (int i = 0; i < model.layers(); i++) {
      layer(i + ".", model.layerShapes().get(i));
    }
  }

  private void put(String name, Object value) {
    traits.put(name, value);
  }

  private void norm(String name, @Nullable NormShape norm) {
    put(name, norm != null);
    if (norm != null) {
      put(name + "_kind", norm.site().kind());
      put(name + "_epsilon", norm.site().epsilon());
      put(name + "_weight", norm.weighted());
      put(name + "_bias", norm.site().bias().isPresent());
    }
  }

  private void layer(String at, LayerShape layer) {
    put(at + "order", layer.order());
    put(at + "residual_factor", layer.residualFactor());
    norm(at + "attention_norm", layer.norms().attention());
    norm(at + "attention_output_norm", layer.norms().attentionOutput());
    norm(at + "mlp_norm", layer.norms().mlp());
    norm(at + "mlp_output_norm", layer.norms().mlpOutput());
    if (layer.attention() instanceof AttentionShape attention) {
      attention(at, attention);
    } else {
      put(at + "mixer", "another");
    }
    switch (layer.mlp()) {
      case MlpShape.Dense dense -> dense(at + "mlp_", dense);
      case MlpShape.Mixture mixture -> mixture(at, mixture);
    }
  }

  private void attention(String at, AttentionShape attention) {
    AttentionForm form = attention.form();
    put(at + "heads", form.heads());
    put(at + "key_value_heads", form.keyValueHeads());
    put(at + "head_width", form.headWidth());
    put(at + "value_width", form.valueWidth());
    put(at + "score_factor", form.factor());
    put(at + "score_cap", form.scoreCap());
    put(at + "alibi_factor", form.slopes() == null ? List.of() : numbers(form.slopes()));
    put(at + "window", form.span().window() >= positions ? 0 : form.span().window());
    put(at + "chunk", form.span().chunk() >= positions ? 0 : form.span().chunk());
    put(at + "clip", attention.clip());
    put(at + "temperature_floor", String.valueOf(attention.temperature()));
    put(at + "sinks", attention.sinks() != null);
    put(at + "query_gated", attention.gated());
    put(at + "output_bias", attention.output().bias().isPresent());
    norm(at + "attention_inner_norm", attention.innerNorm());
    headNorm(at, attention.headNorm());
    projections(at, attention.projections());
    rotary(at, attention.rotary());
  }

  private void headNorm(String at, @Nullable HeadNorm norm) {
    put(at + "head_norm", norm == null ? "none" : norm.scope());
    if (norm != null) {
      put(at + "head_norm_after_rotary", norm.afterRotary());
      norm(at + "query_norm", norm.query());
      norm(at + "key_norm", norm.key());
    }
  }

  private void projections(String at, Projections projections) {
    switch (projections) {
      case Projections.Separate separate ->
          put(at + "qkv_bias", separate.query().bias().isPresent());
      case Projections.Fused fused -> put(at + "qkv_bias", fused.site().bias().isPresent());
      case Projections.Latent latent -> {
        put(at + "latent_rank", latent.rank());
        put(at + "query_rank", latent.queryDown() == null ? 0 : latent.query().inFeatures());
        put(at + "plain_width", latent.plainWidth());
        put(at + "rotated_width", latent.rotatedWidth());
        put(at + "qkv_bias", latent.down().bias().isPresent());
      }
    }
  }

  private void rotary(String at, @Nullable Rotary rotary) {
    put(at + "rotary", rotary != null);
    if (rotary != null) {
      put(at + "rotary width", rotary.width());
      put(at + "rotary attention factor", rotary.scaling().attentionFactor());
      put(at + "rotary frequencies", numbers(RotaryTable.inverseFrequencies(rotary, 1)));
      put(
          at + "rotary frequencies of long texts",
          numbers(RotaryTable.inverseFrequencies(rotary, positions)));
    }
  }

  private void dense(String at, MlpShape.Dense dense) {
    put(at + "activation", activation(dense.form().activation()));
    put(at + "gated", dense.form().gate() != null);
    if (dense.form().gate() != null) {
      put(at + "gate_limit", dense.form().gate().limit());
      put(at + "gate_alpha", dense.form().gate().limit() == 0 ? 0 : dense.form().gate().alpha());
    }
    put(at + "inner", dense.output().inFeatures());
    put(at + "bias", dense.output().bias().isPresent());
    put(
        at + "input_bias",
        dense.inputs().stream().map(LinearSite::bias).anyMatch(Optional::isPresent));
    norm(at + "inner_norm", dense.innerNorm());
  }

  /** llama.cpp has one GELU, that of tanh. */
  private static String activation(Activation activation) {
    String name = activation.name();
    return name.startsWith("GELU") || name.startsWith("TANH") ? "GELU" : name;
  }

  private void mixture(String at, MlpShape.Mixture mixture) {
    Routing routing = mixture.routing();
    put(at + "experts", mixture.experts().size());
    put(at + "experts_used", routing.used());
    // The gates of one of one are 1 either way.
    put(at + "router_scores", routing.scoring());
    put(at + "gates_normalized", routing.normalized());
    put(at + "gate_factor", routing.factor());
    put(at + "expert_groups", routing.groups());
    put(at + "expert_groups_used", routing.groupsUsed());
    put(at + "group_score", routing.groups() == 1 ? "" : routing.groupScore());
    put(at + "router_correction", routing.correction() != null);
    put(at + "gates_scale_input", routing.scalesInput());
    put(at + "router_bias", mixture.router().bias().isPresent());
    dense(at + "expert_", mixture.experts().getFirst());
    put(at + "shared", mixture.shared() != null);
    if (mixture.shared() != null) {
      dense(at + "shared_", mixture.shared());
    }
    put(at + "shared_gating", mixture.sharedGate() != null);
  }

  private static List<Double> numbers(float[] values) {
    List<Double> numbers = new ArrayList<>();
    for (float value : values) {
      numbers.add((double) value);
    }
    return numbers;
  }

  /**
   * The first thing in which two models differ.
   *
   * @return what a message says of it; empty if they compute the same
   */
  static Optional<String> difference(DecoderConfiguration one, DecoderConfiguration other) {
    SequencedMap<String, Object> first = new ModelTraits(one).traits;
    SequencedMap<String, Object> second = new ModelTraits(other).traits;
    for (String name : first.keySet()) {
      Object here = first.get(name);
      Object there = second.get(name);
      if (!agree(here, there)) {
        int dot = name.indexOf('.');
        return Optional.of(
            (dot < 0
                    ? "'" + name + "'"
                    : "'" + name.substring(dot + 1) + "' in layer " + name.substring(0, dot))
                + " is "
                + shown(here)
                + ", and would be "
                + shown(there));
      }
    }
    return Optional.empty();
  }

  private static String shown(@Nullable Object value) {
    String text = String.valueOf(value);
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }

  private static boolean agree(@Nullable Object one, @Nullable Object other) {
    if (one instanceof Number first && other instanceof Number second) {
      double a = first.doubleValue();
      double b = second.doubleValue();
      return Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b));
    }
    if (one instanceof List<?> first && other instanceof List<?> second) {
      if (first.size() != second.size()) {
        return false;
      }
      for (int i = 0; i < first.size(); i++) {
        if (!agree(first.get(i), second.get(i))) {
          return false;
        }
      }
      return true;
    }
    return Objects.equals(one, other);
  }
}
