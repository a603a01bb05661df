// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.gguf;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.decoder.AttentionShape;
import io.github.quant4j.model.decoder.DecoderConfiguration;
import io.github.quant4j.model.decoder.EmbeddingShape;
import io.github.quant4j.model.decoder.HeadNorm;
import io.github.quant4j.model.decoder.LayerShape;
import io.github.quant4j.model.decoder.MlpShape;
import io.github.quant4j.model.decoder.NormShape;
import io.github.quant4j.model.decoder.Projections;
import io.github.quant4j.model.family.FamilyReading;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.Rotary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Finds for each tensor of a model where it is in a file of an architecture. */
final class TensorPlaces {
  private static final String WEIGHT = ".weight";
  private static final String BIAS = ".bias";

  private final FamilyReading reading;
  private final GgufArchitecture architecture;
  private final Predicate<String> isThere;
  private final Rotary.@Nullable Pairing pairing;
  private final SequencedMap<String, TensorPlace> places = new LinkedHashMap<>();

  private TensorPlaces(
      FamilyReading reading, GgufArchitecture architecture, Predicate<String> isThere) {
    this.reading = reading;
    this.architecture = architecture;
    this.isThere = isThere;
    this.pairing = pairing(reading.configuration());
  }

  private static Rotary.@Nullable Pairing pairing(DecoderConfiguration model) {
    for (LayerShape layer : model.layerShapes()) {
      if (layer.attention() instanceof AttentionShape attention && attention.rotary() != null) {
        return attention.rotary().pairing();
      }
    }
    return null;
  }

  /**
   * Where all tensors are in a file that is there.
   *
   * @param isThere whether the file has a tensor, for what may be stored in two ways
   * @return by the model's names, in the order of the network
   * @throws IllegalArgumentException if the architecture has no place for one
   */
  static SequencedMap<String, TensorPlace> in(
      FamilyReading reading, GgufArchitecture architecture, Predicate<String> isThere) {
    return new TensorPlaces(reading, architecture, isThere).find();
  }

  /** Where all tensors are to be in a new file. */
  static SequencedMap<String, TensorPlace> of(
      FamilyReading reading, GgufArchitecture architecture) {
    return in(
        reading,
        architecture,
        name ->
            (name.endsWith("attn_qkv.weight") && architecture.isFused("qkv"))
                || (name.endsWith("ffn_gate.weight") && !architecture.isFused("gate_up"))
                || (name.endsWith("attn_k_b.weight") && architecture.isLatentSplit()));
  }

  private SequencedMap<String, TensorPlace> find() {
    DecoderConfiguration model = reading.configuration();
    EmbeddingShape embedding = model.embedding();
    if (embedding.projection() != null || model.headShape().projection() != null) {
      throw unplaced("embedding_projection");
    }
    if (embedding.positionOffset() != 0) {
      throw unplaced("position_offset");
    }
    matrix(
        embedding.table(),
        model.vocabularySize(),
        embedding.width(),
        name("embeddings", 0) + WEIGHT);
    if (embedding.positions() != null) {
      matrix(
          embedding.positions(),
          embedding.positionRows(),
          model.hiddenSize(),
          name("positions", 0) + WEIGHT);
    }
    norm(embedding.norm(), "embedding_norm", 0);
    for (int layer = 0; layer < model.layers(); layer++) {
      layer(model.layerShapes().get(layer), layer);
    }
    norm(model.headShape().norm(), "final_norm", 0);
    LinearSite head = model.headShape().site();
    if (!head.isTied()) {
      site(head, "head", 0);
    } else if (head.bias().isPresent()) {
      vector(head.bias().get(), head.outFeatures(), name("head", 0) + BIAS);
    }
    return places;
  }

  private void layer(LayerShape shape, int layer) {
    norm(shape.norms().attention(), "attention_norm", layer);
    norm(shape.norms().attentionOutput(), "attention_output_norm", layer);
    norm(shape.norms().mlp(), "mlp_norm", layer);
    norm(shape.norms().mlpOutput(), "mlp_output_norm", layer);
    if (!(shape.attention() instanceof AttentionShape attention) || attention.gated()) {
      throw unplaced("mixer");
    }
    attention(attention, layer);
    mlp(shape.mlp(), layer);
  }

  private void attention(AttentionShape attention, int layer) {
    AttentionForm form = attention.form();
    int heads = form.heads();
    int keys = form.keyValueHeads();
    int width = form.headWidth();
    int turned = attention.rotary() == null ? width : attention.rotary().width();
    switch (attention.projections()) {
      case Projections.Separate(LinearSite query, LinearSite key, LinearSite value) -> {
        boolean fused = isThere.test(name("qkv", layer) + WEIGHT);
        int queries = heads * width;
        int values = keys * width;
        projection(query, "query", fused, 0, layer, turning(heads, width, 0, turned));
        projection(key, "key", fused, queries, layer, turning(keys, width, 0, turned));
        projection(value, "value", fused, queries + values, layer, null);
      }
      case Projections.Fused(LinearSite site, Projections.Fused.Order order) ->
          fused(site, order, form, turned, layer);
      case Projections.Latent latent -> latent(latent, form, layer);
    }
    site(attention.output(), "output", layer);
    if (attention.headNorm() != null) {
      headNorm(attention.headNorm(), form, turned, layer);
    }
    if (attention.sinks() != null) {
      vector(attention.sinks(), heads, name("sinks", layer));
    }
    norm(attention.innerNorm(), "attention_inner_norm", layer);
  }

  /** The order of rows where the program of llama.cpp turns other pairs than the model's. */
  private int @Nullable [] turning(int heads, int width, int from, int turned) {
    if (pairing == null || architecture.pairs() == GgufArchitecture.Pairs.NONE) {
      return null;
    }
    boolean here = pairing == Rotary.Pairing.INTERLEAVED;
    boolean there = architecture.pairs() == GgufArchitecture.Pairs.INTERLEAVED;
    if (here == there) {
      return null;
    }
    int[] order = RowOrders.paired(heads, width, from, turned);
    return there ? order : RowOrders.inverse(order);
  }

  private void projection(
      LinearSite site, String role, boolean fused, int from, int layer, int @Nullable [] order) {
    String tensor = fused ? name("qkv", layer) : name(role, layer);
    int rows = site.outFeatures();
    int at = fused ? from : 0;
    add(
        new TensorPlace(
            site.weight(),
            rows,
            site.inFeatures(),
            List.of(new TensorPlace.Part(tensor + WEIGHT, -1, at, rows, false)),
            order,
            0,
            isTransposed()));
    if (site.bias().isPresent()) {
      add(
          new TensorPlace(
              site.bias().get(),
              rows,
              0,
              List.of(new TensorPlace.Part(tensor + BIAS, -1, at, rows, false)),
              order,
              0,
              false));
    }
  }

  private void fused(
      LinearSite site, Projections.Fused.Order order, AttentionForm form, int turned, int layer) {
    int width = form.headWidth();
    int queries = form.heads() * width;
    int keys = form.keyValueHeads() * width;
    int[] rows =
        order == Projections.Fused.Order.GROUPS
            ? RowOrders.groups(form.heads(), form.keyValueHeads(), width)
            : null;
    int[] turning = turning(form.heads() + form.keyValueHeads(), width, 0, turned);
    if (turning != null) {
      rows = RowOrders.then(rows, RowOrders.within(queries + 2 * keys, 0, turning));
    }
    for (String suffix : List.of(WEIGHT, BIAS)) {
      if (suffix.equals(BIAS) && site.bias().isEmpty()) {
        continue;
      }
      List<TensorPlace.Part> parts =
          isThere.test(name("qkv", layer) + WEIGHT)
              ? List.of(TensorPlace.Part.of(name("qkv", layer) + suffix, site.outFeatures()))
              : List.of(
                  TensorPlace.Part.of(name("query", layer) + suffix, queries),
                  TensorPlace.Part.of(name("key", layer) + suffix, keys),
                  TensorPlace.Part.of(name("value", layer) + suffix, keys));
      boolean isWeight = suffix.equals(WEIGHT);
      add(
          new TensorPlace(
              isWeight ? site.weight() : site.bias().orElseThrow(),
              site.outFeatures(),
              isWeight ? site.inFeatures() : 0,
              parts,
              rows,
              0,
              isWeight && isTransposed()));
    }
  }

  private void latent(Projections.Latent latent, AttentionForm form, int layer) {
    int heads = form.heads();
    int plain = latent.plainWidth();
    int turned = latent.rotatedWidth();
    if (latent.queryDown() != null) {
      site(latent.queryDown(), "query_down", layer);
      norm(latent.queryNorm(), "query_latent_norm", layer);
    }
    String query = latent.queryDown() == null ? "query" : "query_up";
    projection(
        latent.query(), query, false, 0, layer, turning(heads, plain + turned, plain, turned));
    int[] inner = turning(1, turned, 0, turned);
    projection(
        latent.down(),
        "latent_down",
        false,
        0,
        layer,
        inner == null ? null : RowOrders.within(latent.rank() + turned, latent.rank(), inner));
    norm(latent.norm(), "latent_norm", layer);
    String keys = "blk." + layer + ".attn_k_b.weight";
    if (!isThere.test(keys)) {
      site(latent.up(), "latent_up", layer);
      return;
    }
    List<TensorPlace.Part> parts = new ArrayList<>();
    for (int head = 0; head < heads; head++) {
      parts.add(new TensorPlace.Part(keys, head, 0, plain, true));
      parts.add(
          new TensorPlace.Part(
              "blk." + layer + ".attn_v_b.weight", head, 0, form.valueWidth(), false));
    }
    LinearSite up = latent.up();
    add(new TensorPlace(up.weight(), up.outFeatures(), up.inFeatures(), parts, null, 0, false));
  }

  private void headNorm(HeadNorm norm, AttentionForm form, int turned, int layer) {
    int width = form.headWidth();
    headNorm(norm.query(), norm.scope(), form.heads(), width, turned, name("query_norm", layer));
    headNorm(
        norm.key(), norm.scope(), form.keyValueHeads(), width, turned, name("key_norm", layer));
  }

  private void headNorm(
      NormShape norm, HeadNorm.Scope scope, int heads, int width, int turned, String tensor) {
    NormSite site = norm.site();
    int[] order = turning(scope == HeadNorm.Scope.HEAD ? 1 : heads, width, 0, turned);
    boolean each = scope == HeadNorm.Scope.EACH_HEAD;
    if (each && order != null) {
      throw unplaced("query_norm");
    }
    for (String suffix : List.of(WEIGHT, BIAS)) {
      boolean isWeight = suffix.equals(WEIGHT);
      if (isWeight ? !norm.weighted() : site.bias().isEmpty()) {
        continue;
      }
      String own = isWeight ? site.weight() : site.bias().orElseThrow();
      TensorPlace place =
          each
              ? TensorPlace.of(own, heads, width, tensor + suffix)
              : TensorPlace.of(own, site.width(), 0, tensor + suffix).withOrder(order);
      add(place.withOffset(isWeight ? -site.offset() : 0));
    }
  }

  private void mlp(MlpShape shape, int layer) {
    switch (shape) {
      case MlpShape.Dense dense -> dense(dense, "", -1, layer);
      case MlpShape.Mixture mixture -> {
        site(mixture.router(), "router", layer);
        if (mixture.routing().correction() != null) {
          vector(
              mixture.routing().correction(),
              mixture.experts().size(),
              name("router_correction", layer));
        }
        for (int e = 0; e < mixture.experts().size(); e++) {
          dense(mixture.experts().get(e), "expert_", e, layer);
        }
        if (mixture.shared() != null) {
          dense(mixture.shared(), "shared_", -1, layer);
        }
        if (mixture.sharedGate() != null) {
          site(mixture.sharedGate(), "shared_gating", layer);
        }
      }
    }
  }

  private void dense(MlpShape.Dense dense, String prefix, int expert, int layer) {
    List<LinearSite> inputs = dense.inputs();
    MlpShape.Dense.Gate gate = dense.form().gate();
    String up = name(prefix + "up", layer);
    String gates = name(prefix + "gate", layer);
    if (gate == null) {
      part(inputs.getFirst(), up, expert, 0);
    } else {
      boolean apart = prefix.isEmpty() ? isThere.test(gates + WEIGHT) : true;
      if (inputs.size() == 2) {
        part(inputs.get(0), apart ? gates : up, expert, 0);
        part(inputs.get(1), up, expert, apart ? 0 : inputs.get(0).outFeatures());
      } else {
        joined(inputs.getFirst(), gate.interleaved(), apart, gates, up, expert);
      }
    }
    part(dense.output(), name(prefix + "down", layer), expert, 0);
    norm(dense.innerNorm(), "mlp_inner_norm", layer);
  }

  /** Gate and up in one tensor of the model. */
  private void joined(
      LinearSite site, boolean interleaved, boolean apart, String gates, String up, int expert) {
    int half = site.outFeatures() / 2;
    int[] order = interleaved ? RowOrders.interleaved(half) : null;
    for (String suffix : List.of(WEIGHT, BIAS)) {
      boolean isWeight = suffix.equals(WEIGHT);
      if (!isWeight && site.bias().isEmpty()) {
        continue;
      }
      List<TensorPlace.Part> parts =
          apart
              ? List.of(
                  new TensorPlace.Part(gates + suffix, expert, 0, half, false),
                  new TensorPlace.Part(up + suffix, expert, 0, half, false))
              : List.of(new TensorPlace.Part(up + suffix, expert, 0, 2 * half, false));
      add(
          new TensorPlace(
              isWeight ? site.weight() : site.bias().orElseThrow(),
              site.outFeatures(),
              isWeight ? site.inFeatures() : 0,
              parts,
              order,
              0,
              isWeight && expert < 0 && isTransposed()));
    }
  }

  private void part(LinearSite site, String tensor, int expert, int from) {
    int rows = site.outFeatures();
    add(
        new TensorPlace(
            site.weight(),
            rows,
            site.inFeatures(),
            List.of(new TensorPlace.Part(tensor + WEIGHT, expert, from, rows, false)),
            null,
            0,
            expert < 0 && isTransposed()));
    if (site.bias().isPresent()) {
      add(
          new TensorPlace(
              site.bias().get(),
              rows,
              0,
              List.of(new TensorPlace.Part(tensor + BIAS, expert, from, rows, false)),
              null,
              0,
              false));
    }
  }

  private boolean isTransposed() {
    return reading.configuration().stored().transposed();
  }

  private void site(LinearSite site, String role, int layer) {
    String tensor = name(role, layer);
    TensorPlace place =
        TensorPlace.of(site.weight(), site.outFeatures(), site.inFeatures(), tensor + WEIGHT);
    add(isTransposed() && !role.equals("head") ? place.asTransposed() : place);
    site.bias().ifPresent(bias -> vector(bias, site.outFeatures(), tensor + BIAS));
  }

  private void norm(@Nullable NormShape norm, String role, int layer) {
    if (norm == null) {
      return;
    }
    NormSite site = norm.site();
    String tensor = name(role, layer);
    if (norm.weighted()) {
      add(
          TensorPlace.of(site.weight(), site.width(), 0, tensor + WEIGHT)
              .withOffset(-site.offset()));
    }
    site.bias().ifPresent(bias -> vector(bias, site.width(), tensor + BIAS));
  }

  private void vector(String name, int length, String tensor) {
    add(TensorPlace.of(name, length, 0, tensor));
  }

  private void matrix(String name, int rows, int columns, String tensor) {
    add(TensorPlace.of(name, rows, columns, tensor));
  }

  private void add(TensorPlace place) {
    if (places.put(place.name(), place) != null) {
      throw new IllegalArgumentException("tensor '" + place.name() + "' has two places");
    }
  }

  private String name(String role, int layer) {
    GgufArchitecture.Name name = architecture.tensor(role).orElseThrow(() -> unplaced(role));
    String chosen =
        name.condition() == null
                || reading.evaluate(name.condition(), layer).equals(new JsonValue.Bool(true))
            ? name.name()
            : name.otherwise();
    return chosen.replace("{layer}", String.valueOf(layer));
  }

  private IllegalArgumentException unplaced(String role) {
    return new IllegalArgumentException(
        "architecture '" + architecture + "' has no place for '" + role + "' of this model");
  }
}
