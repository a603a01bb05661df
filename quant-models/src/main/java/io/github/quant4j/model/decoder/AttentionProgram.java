// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.model.runtime.Activations;
import io.github.quant4j.model.runtime.AttentionForm;
import io.github.quant4j.model.runtime.BlockWeights;
import io.github.quant4j.model.runtime.Elementwise;
import io.github.quant4j.model.runtime.GroupedAttention;
import io.github.quant4j.model.runtime.KeyValueCache;
import io.github.quant4j.model.runtime.ProjectedKeyValues;
import io.github.quant4j.model.runtime.RotaryTable;
import io.github.quant4j.model.runtime.RowNorm;
import io.github.quant4j.model.runtime.RowParts;
import io.github.quant4j.model.runtime.SiteKernels;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The attention of a layer up to the input of its output projection. */
final class AttentionProgram {
  private final AttentionShape shape;
  private final AttentionForm form;
  private final int layer;
  private final int carriedFrom;
  private final BlockWeights weights;
  private final GroupedAttention attention;
  private final @Nullable RotaryTable rotary;
  private final WorkerTeam team;
  private final ScratchPool scratch;

  /**
   * Prepares a layer's attention.
   *
   * @param carriedFrom where, in units of tokens, it may keep floats
   */
  AttentionProgram(
      AttentionShape shape,
      int layer,
      int carriedFrom,
      BlockWeights weights,
      DecoderResources resources) {
    this.shape = shape;
    this.form = shape.form();
    this.layer = layer;
    this.carriedFrom = carriedFrom;
    this.weights = weights;
    this.attention = resources.attention(form);
    this.rotary = shape.rotary() == null ? null : resources.table(shape.rotary());
    this.team = resources.options().team();
    this.scratch = resources.options().scratch();
  }

  /** Steps for all groups but the output projection. */
  List<GroupStep> steps() {
    return switch (shape.projections()) {
      case Projections.Separate _ -> List.of(this::separate);
      case Projections.Fused fused ->
          List.of((sites, activations) -> fused(fused.order(), sites, activations));
      case Projections.Latent latent -> latentSteps(latent);
    };
  }

  private List<GroupStep> latentSteps(Projections.Latent latent) {
    LatentProgram program = new LatentProgram(latent, form, carriedFrom, weights, team, scratch);
    List<GroupStep> steps = new ArrayList<>();
    if (latent.queryDown() == null) {
      steps.add(program::project);
    } else {
      steps.add(program::reduce);
      steps.add(program::projectQueries);
    }
    steps.add(
        (sites, activations) -> {
          float[] projected = program.expand(sites, activations);
          int tokens = activations.tokens();
          int keys = tokens * form.heads() * form.headWidth();
          attend(activations, projected, 0, keys, 2 * keys, latent.plainWidth());
          scratch.release(projected);
        });
    return steps;
  }

  private void separate(SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, sites.width()));
    sites.multiply(activations.input(), tokens, projected);
    float[] gates = shape.gated() ? splitGates(projected, tokens) : null;
    attend(activations, projected, 0, sites.offset(1, tokens), sites.offset(2, tokens), 0);
    if (gates != null) {
      gate(activations.input(), gates, tokens);
      scratch.release(gates);
    }
    scratch.release(projected);
  }

  /**
   * Takes gates from between the queries, which move together.
   *
   * @return the gates, {@code [tokens, heads * width]}; borrowed
   */
  private float[] splitGates(float[] projected, int tokens) {
    int width = form.headWidth();
    int count = tokens * form.heads();
    float[] gates = scratch.floats(count * width);
    for (int i = 0; i < count; i++) {
      System.arraycopy(projected, (2 * i + 1) * width, gates, i * width, width);
      System.arraycopy(projected, 2 * i * width, projected, i * width, width);
    }
    return gates;
  }

  /** {@code x = x sigmoid(gate)}. */
  private void gate(float[] x, float[] gates, int tokens) {
    int width = shape.outputWidth();
    RowParts.run(
        team,
        tokens,
        row -> {
          for (int i = row * width; i < (row + 1) * width; i++) {
            x[i] *= Elementwise.sigmoid(gates[i]);
          }
        });
  }

  private void fused(Projections.Fused.Order order, SiteKernels sites, Activations activations) {
    int tokens = activations.tokens();
    int width = sites.width();
    float[] projected = scratch.floats(Math.multiplyExact(tokens, width));
    sites.multiply(activations.input(), tokens, projected);
    float[] apart = scratch.floats(tokens * width);
    int queryWidth = form.heads() * form.headWidth();
    int keyWidth = form.keyValueHeads() * form.headWidth();
    int valueWidth = form.keyValueHeads() * form.valueWidth();
    int keys = tokens * queryWidth;
    int values = keys + tokens * keyWidth;
    int repeats = form.heads() / form.keyValueHeads();
    RowParts.run(
        team,
        tokens,
        row -> {
          int from = row * width;
          int query = row * queryWidth;
          int key = keys + row * keyWidth;
          int value = values + row * valueWidth;
          if (order == Projections.Fused.Order.PARTS) {
            System.arraycopy(projected, from, apart, query, queryWidth);
            System.arraycopy(projected, from + queryWidth, apart, key, keyWidth);
            System.arraycopy(projected, from + queryWidth + keyWidth, apart, value, valueWidth);
            return;
          }
          int queriesOfGroup = repeats * form.headWidth();
          for (int g = 0; g < form.keyValueHeads(); g++) {
            System.arraycopy(projected, from, apart, query + g * queriesOfGroup, queriesOfGroup);
            from += queriesOfGroup;
            System.arraycopy(projected, from, apart, key + g * form.headWidth(), form.headWidth());
            from += form.headWidth();
            System.arraycopy(
                projected, from, apart, value + g * form.valueWidth(), form.valueWidth());
            from += form.valueWidth();
          }
        });
    scratch.release(projected);
    attend(activations, apart, 0, keys, values, 0);
    scratch.release(apart);
  }

  /**
   * Attention on queries, keys and values that lie apart, each {@code [tokens, heads * width]}.
   *
   * @param rotatedFrom the first channel of a head that is turned to its position
   */
  private void attend(
      Activations activations,
      float[] projected,
      int queries,
      int keys,
      int values,
      int rotatedFrom) {
    SequenceLayout layout = activations.layout();
    int tokens = layout.tokens();
    place(layout, projected, queries, keys, rotatedFrom);
    if (shape.clip() > 0) {
      int width = form.keyValueHeads() * form.valueWidth();
      Elementwise.clamp((float) shape.clip(), projected, values, values + tokens * width);
    }
    KeyValueCache cache = activations.cache();
    GroupedAttention.KeyValues keyValues;
    if (cache == null) {
      keyValues =
          new ProjectedKeyValues(
              layout,
              projected,
              keys,
              values,
              form.keyValueHeads(),
              form.headWidth(),
              form.valueWidth());
    } else {
      cache.store(layer, layout, projected, keys, values);
      keyValues = cache.view(layer);
    }
    attention.run(
        layout,
        projected,
        queries,
        keyValues,
        shape.sinks() == null ? null : weights.vector(shape.sinks()),
        activations.input(),
        activations.attentionReceived());
    activations.markAttentionKnown();
    if (shape.innerNorm() != null) {
      RowNorm norm = shape.innerNorm().in(weights);
      float[] input = activations.input();
      int width = shape.outputWidth();
      RowParts.run(team, tokens, row -> norm.apply(input, row * width, input, row * width));
    }
  }

  /** Clips, normalizes and turns queries and keys. */
  private void place(
      SequenceLayout layout, float[] projected, int queries, int keys, int rotatedFrom) {
    HeadNorm norm = shape.headNorm();
    RowNorm queryNorm = norm == null ? null : norm.query().in(weights);
    RowNorm keyNorm = norm == null ? null : norm.key().in(weights);
    RotaryTable.Angles[] angles = angles(layout);
    RowParts.run(
        team,
        layout.tokens(),
        row -> {
          int sequence = layout.sequence(row);
          int position = layout.firstPosition(sequence) + row - layout.start(sequence);
          RotaryTable.Angles turn = angles == null ? null : angles[sequence];
          placeRow(projected, queries, form.heads(), row, queryNorm, turn, position, rotatedFrom);
          placeRow(
              projected, keys, form.keyValueHeads(), row, keyNorm, turn, position, rotatedFrom);
          if (shape.temperature() != null) {
            int width = form.heads() * form.headWidth();
            int from = queries + row * width;
            Elementwise.scale(shape.temperature().factor(position), projected, from, from + width);
          }
        });
  }

  /** For each sequence the angles that hold for its length; null if nothing is turned. */
  private RotaryTable.Angles @Nullable [] angles(SequenceLayout layout) {
    RotaryTable table = rotary;
    if (table == null) {
      return null;
    }
    RotaryTable.Angles[] angles = new RotaryTable.Angles[layout.count()];
    for (int s = 0; s < angles.length; s++) {
      angles[s] = table.upTo(layout.firstPosition(s) + layout.length(s));
    }
    return angles;
  }

  private void placeRow(
      float[] projected,
      int from,
      int heads,
      int row,
      @Nullable RowNorm norm,
      RotaryTable.@Nullable Angles angles,
      int position,
      int rotatedFrom) {
    int width = form.headWidth();
    int first = from + row * heads * width;
    HeadNorm kind = shape.headNorm();
    if (norm != null && kind != null && !kind.afterRotary()) {
      normalize(kind.scope(), norm, projected, first, heads);
    }
    if (shape.clip() > 0) {
      Elementwise.clamp((float) shape.clip(), projected, first, first + heads * width);
    }
    if (angles != null) {
      for (int head = 0; head < heads; head++) {
        angles.rotate(position, projected, first + head * width + rotatedFrom);
      }
    }
    if (norm != null && kind != null && kind.afterRotary()) {
      normalize(kind.scope(), norm, projected, first, heads);
    }
  }

  private void normalize(
      HeadNorm.Scope scope, RowNorm norm, float[] projected, int first, int heads) {
    if (scope == HeadNorm.Scope.ALL) {
      norm.apply(projected, first, projected, first);
      return;
    }
    int width = form.headWidth();
    for (int head = 0; head < heads; head++) {
      int at = first + head * width;
      norm.apply(
          projected, at, projected, at, scope == HeadNorm.Scope.EACH_HEAD ? head * width : 0);
    }
  }
}
