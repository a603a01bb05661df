// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.HeadNorm;
import io.github.quant4j.model.decoder.NormShape;
import io.github.quant4j.model.decoder.Projections;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads the attention of a layer. */
final class AttentionReader {
  static final int WIDEST = 1 << 24;

  /** The inner norms of latent attention have this, whatever the configuration says. */
  private static final double LATENT_EPSILON = 1e-6;

  private final OptionReader options;
  private final int hidden;

  AttentionReader(OptionReader options, int hidden) {
    this.options = options;
    this.hidden = hidden;
  }

  /** How the projections lie in the checkpoint. */
  private enum Fused {
    NONE,
    PARTS,
    GROUPS
  }

  /** What is normalized together. */
  private enum HeadNormScope {
    NONE,
    HEAD,
    EACH_HEAD,
    ALL
  }

  /** The sizes of heads. */
  record Heads(int heads, int keyValueHeads, int width, int valueWidth, int rotatedWidth) {}

  Heads heads() {
    int heads = options.integer("heads", 1, WIDEST);
    int keyValueHeads = options.integer("key_value_heads", 1, WIDEST);
    if (heads % keyValueHeads != 0) {
      if (options.areSound("heads", "key_value_heads")) {
        options.problem(
            "key_value_heads",
            "a divisor of "
                + options.source("heads").map(name -> "'" + name + "'").orElse("the heads")
                + ", which is "
                + heads);
      }
      keyValueHeads = heads;
    }
    if (options.integer("latent_rank", 0, WIDEST) > 0) {
      return latentHeads(heads);
    }
    int width = headWidth(heads);
    if ((long) heads * width > WIDEST) {
      if (options.areSound("heads", "head_width")) {
        options.problem(
            "head_width", "at most " + WIDEST / heads + " with " + heads + " attention heads");
      }
      width = 2;
      heads = 1;
      keyValueHeads = 1;
    }
    return new Heads(heads, keyValueHeads, width, width, width);
  }

  private Heads latentHeads(int heads) {
    int plain = options.integer("plain_width", 0, WIDEST);
    int rotated = options.integer("rotated_width", 2, WIDEST);
    int value = options.integer("value_width", 1, WIDEST);
    if ((long) heads * (plain + rotated + value) > WIDEST) {
      if (options.areSound("heads", "plain_width", "rotated_width", "value_width")) {
        options.problem(
            "heads",
            "at most "
                + WIDEST / (plain + rotated + value)
                + " heads of "
                + (plain + rotated)
                + " and "
                + value
                + " channels");
      }
      return new Heads(1, 1, 2, 1, 2);
    }
    return new Heads(heads, heads, plain + rotated, value, rotated);
  }

  private int headWidth(int heads) {
    var given = options.optionalInteger("head_width", 1, WIDEST);
    if (given.isPresent()) {
      return given.getAsInt();
    }
    if (hidden % heads == 0) {
      return hidden / heads;
    }
    if (options.areSound("hidden", "heads", "head_width")) {
      options.problem(
          "heads",
          "a divisor of "
              + options.source("hidden").map(name -> "'" + name + "'").orElse("the hidden size")
              + ", which is "
              + hidden
              + options.source("head_width").map(n -> ", or a value for '" + n + "'").orElse(""));
    }
    return 2;
  }

  /** Channels of a head that positions turn; 0 if they are not known, after a problem. */
  int rotatedWidth() {
    int width = heads().rotatedWidth;
    return options.areSound(
            "hidden",
            "heads",
            "key_value_heads",
            "head_width",
            "latent_rank",
            "plain_width",
            "rotated_width",
            "value_width")
        ? width
        : 0;
  }

  AttentionForm.Span span() {
    return new AttentionForm.Span(
        options.optionalInteger("window", 0, Integer.MAX_VALUE).orElse(0),
        options.optionalInteger("chunk", 0, Integer.MAX_VALUE).orElse(0));
  }

  /** What configurations call the layer's kind of attention. */
  String layerType() {
    return span().kind();
  }

  AttentionShape read(Map<String, Rotary> rotaries) {
    Heads sizes = heads();
    int rank = options.integer("latent_rank", 0, WIDEST);
    double alibi = options.number("alibi_factor");
    Rotary rotary = options.flag("rotary") ? rotaries.get(layerType()) : null;
    double factor = options.optionalNumber("score_factor").orElse(1 / Math.sqrt(sizes.width));
    if (options.flag("yarn_scales_scores")
        && rotary != null
        && rotary.scaling() instanceof RotaryScaling.Yarn yarn) {
      factor *= yarn.softmaxFactor();
    }
    AttentionForm form =
        new AttentionForm(
            sizes.heads,
            sizes.keyValueHeads,
            sizes.width,
            sizes.valueWidth,
            factor,
            options.optionalNumber("score_cap").orElse(0),
            alibi == 0 ? null : AttentionForm.slopes(sizes.heads, alibi),
            span());
    double floor = options.number("temperature_floor");
    boolean gated = options.flag("query_gated");
    if (gated && (rank > 0 || options.choice("qkv_fused", Fused.class) != Fused.NONE)) {
      options.problem("query_gated", "false, unless queries, keys and values are separate");
    }
    return new AttentionShape(
        form,
        rank > 0 ? latent(sizes, rank) : projections(sizes),
        LinearSite.of(
            options.requireTensor("output"),
            sizes.heads * sizes.valueWidth,
            hidden,
            options.flag("output_bias")),
        headNorm(sizes),
        options.optionalNumber("clip").orElse(0),
        rotary,
        floor > 0
            ? new AttentionShape.Temperature(
                floor,
                options.number("temperature_scale"),
                options.integer("temperature_first", 0, 1))
            : null,
        options.tensor("sinks"),
        innerNorm("attention_inner_norm", sizes.heads * sizes.valueWidth),
        gated);
  }

  private @Nullable NormShape innerNorm(String role, int width) {
    return new NormReader(options, "norm").read(role, width);
  }

  private Projections projections(Heads sizes) {
    boolean biased = options.flag("qkv_bias");
    int queries = sizes.heads * sizes.width;
    int keys = sizes.keyValueHeads * sizes.width;
    int gates = options.flag("query_gated") ? queries : 0;
    return switch (options.choice("qkv_fused", Fused.class)) {
      case NONE ->
          new Projections.Separate(
              LinearSite.of(options.requireTensor("query"), hidden, queries + gates, biased),
              LinearSite.of(options.requireTensor("key"), hidden, keys, biased),
              LinearSite.of(options.requireTensor("value"), hidden, keys, biased));
      case PARTS -> fused(Projections.Fused.Order.PARTS, queries + 2 * keys, biased);
      case GROUPS -> fused(Projections.Fused.Order.GROUPS, queries + 2 * keys, biased);
    };
  }

  private Projections fused(Projections.Fused.Order order, int outputs, boolean biased) {
    return new Projections.Fused(
        LinearSite.of(options.requireTensor("qkv"), hidden, outputs, biased), order);
  }

  private Projections latent(Heads sizes, int rank) {
    int queryRank = options.optionalInteger("query_rank", 0, WIDEST).orElse(0);
    boolean biased = options.flag("qkv_bias");
    int queries = sizes.heads * sizes.width;
    int plain = sizes.width - sizes.rotatedWidth;
    NormReader norms = new NormReader(options, "norm");
    return new Projections.Latent(
        queryRank == 0
            ? null
            : LinearSite.of(options.requireTensor("query_down"), hidden, queryRank, biased),
        queryRank == 0 ? null : norms.require("query_latent_norm", queryRank, LATENT_EPSILON),
        queryRank == 0
            ? LinearSite.of(options.requireTensor("query"), hidden, queries, false)
            : LinearSite.of(options.requireTensor("query_up"), queryRank, queries, false),
        LinearSite.of(
            options.requireTensor("latent_down"), hidden, rank + sizes.rotatedWidth, biased),
        norms.require("latent_norm", rank, LATENT_EPSILON),
        LinearSite.of(
            options.requireTensor("latent_up"),
            rank,
            sizes.heads * (plain + sizes.valueWidth),
            false),
        rank,
        plain,
        sizes.rotatedWidth);
  }

  private @Nullable HeadNorm headNorm(Heads sizes) {
    HeadNormScope scope = options.choice("head_norm", HeadNormScope.class);
    HeadNorm.Scope together =
        switch (scope) {
          case NONE -> null;
          case HEAD -> HeadNorm.Scope.HEAD;
          case EACH_HEAD -> HeadNorm.Scope.EACH_HEAD;
          case ALL -> HeadNorm.Scope.ALL;
        };
    if (together == null) {
      return null;
    }
    NormReader norms = new NormReader(options, "head_norm");
    double epsilon = options.positive("head_norm_epsilon");
    boolean all = together == HeadNorm.Scope.ALL;
    return new HeadNorm(
        norms.require("query_norm", all ? sizes.heads * sizes.width : sizes.width, epsilon),
        norms.require("key_norm", all ? sizes.keyValueHeads * sizes.width : sizes.width, epsilon),
        together,
        options.flag("head_norm_after_rotary"));
  }
}
