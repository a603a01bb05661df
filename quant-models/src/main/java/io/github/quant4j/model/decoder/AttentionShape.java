// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.TokenMixer;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.Rotary;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.transform.HeadStructure;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attention of a layer.
 *
 * @param form heads, factor and what tokens see
 * @param projections make queries, keys and values
 * @param output the output projection
 * @param headNorm normalizes queries and keys; null if nothing does
 * @param clip queries, keys and values are clamped to this, 0 for no limit
 * @param rotary turns queries and keys to their positions; null if nothing does
 * @param temperature stretches queries by their positions; null if nothing does
 * @param sinks the tensor with a score for each head without a value; null if there is none
 * @param innerNorm normalizes what goes into the output projection; null if nothing does
 * @param gated whether the query projection makes a gate behind each head's query, whose sigmoid
 *     multiplies what the head gives; projections are separate then
 */
public record AttentionShape(
    AttentionForm form,
    Projections projections,
    LinearSite output,
    @Nullable HeadNorm headNorm,
    double clip,
    @Nullable Rotary rotary,
    @Nullable Temperature temperature,
    @Nullable String sinks,
    @Nullable NormShape innerNorm,
    boolean gated)
    implements MixerShape {

  /**
   * Queries are multiplied by {@code 1 + scale log(1 + floor((position + first) / floor))}.
   *
   * @param first what counts for the first position: 1 in Llama 4, 0 in Ministral 3
   */
  public record Temperature(double floor, double scale, int first) {
    float factor(int position) {
      return (float) (Math.log(Math.floor((position + first) / floor) + 1) * scale + 1);
    }
  }

  int heads() {
    return form.heads();
  }

  /** Inputs of the output projection. */
  int outputWidth() {
    return form.heads() * form.valueWidth();
  }

  @Override
  public List<SiteGroup> groups(InputOrigin origin) {
    List<SiteGroup> groups = new ArrayList<>();
    switch (projections) {
      case Projections.Separate separate ->
          groups.add(new SiteGroup("self_attn.input", separate.sites(), origin));
      case Projections.Fused(LinearSite site, _) ->
          groups.add(new SiteGroup("self_attn.input", List.of(site), origin));
      case Projections.Latent latent -> {
        if (latent.queryDown() != null && latent.queryNorm() != null) {
          groups.add(
              new SiteGroup("self_attn.input", List.of(latent.queryDown(), latent.down()), origin));
          groups.add(
              new SiteGroup(
                  "self_attn.query", List.of(latent.query()), latent.queryNorm().origin()));
        } else {
          groups.add(
              new SiteGroup("self_attn.input", List.of(latent.query(), latent.down()), origin));
        }
        groups.add(new SiteGroup("self_attn.latent", List.of(latent.up()), latent.norm().origin()));
      }
    }
    groups.add(new SiteGroup("self_attn.output", List.of(output), outputOrigin()));
    return groups;
  }

  /** Values reach the output as they are where one site makes them and nothing else, in order. */
  private InputOrigin outputOrigin() {
    if (innerNorm != null) {
      return innerNorm.origin();
    }
    return projections instanceof Projections.Separate separate && clip == 0 && !gated
        ? new InputOrigin.Attention(
            separate.value(),
            new HeadStructure(form.heads(), form.keyValueHeads(), form.valueWidth()))
        : new InputOrigin.Fixed();
  }

  @Override
  public TokenMixer mixer() {
    return new TokenMixer.Attention(
        output, form.heads(), form.keyValueHeads(), form.headWidth(), form.valueWidth());
  }

  @Override
  public List<VectorShape> vectors() {
    List<VectorShape> vectors = new ArrayList<>();
    if (headNorm != null) {
      vectors.addAll(headNorm.vectors(form.heads(), form.keyValueHeads()));
    }
    if (sinks != null) {
      vectors.add(new VectorShape(sinks, Shape.of(form.heads())));
    }
    if (innerNorm != null) {
      vectors.addAll(innerNorm.vectors());
    }
    if (projections instanceof Projections.Latent latent) {
      if (latent.queryNorm() != null) {
        vectors.addAll(latent.queryNorm().vectors());
      }
      vectors.addAll(latent.norm().vectors());
    }
    return vectors;
  }

  @Override
  public int carried() {
    return projections instanceof Projections.Latent latent
        ? latent.down().outFeatures() + latent.query().outFeatures()
        : 0;
  }

  @Override
  public KeyValueCache.Form cached() {
    return new KeyValueCache.LayerForm(
        form.keyValueHeads(), form.headWidth(), form.valueWidth(), form.span());
  }
}
