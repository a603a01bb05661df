// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.recipe.Activations;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.FoldPlace;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.HeadStructure;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import io.github.quant4j.transform.rule.HadamardRule;
import io.github.quant4j.transform.rule.LayerGroup;
import io.github.quant4j.transform.rule.QuantizationTrial;
import io.github.quant4j.transform.rule.TransformRule;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Computes the transforms of the inputs of a block's groups and folds them into what computes these
 * inputs, as far as that is exact; the block computes the same afterwards.
 *
 * <p>Steps are folded from the first one on, until one does not fit the place that it would have to
 * go to; that one and those behind it are left for the quantized layers to run.
 */
final class TransformFolder {
  private final Block block;
  private final Compute compute;
  private final Set<String> changedVectors = new HashSet<>();
  private final Set<LinearSite> changedSites = new HashSet<>();

  TransformFolder(Block block, Compute compute) {
    this.block = block;
    this.compute = compute;
  }

  /**
   * What became of a group's transforms.
   *
   * @param folded what was folded, in words
   * @param online what is left for the layers to run; the identity if nothing is
   */
  record Result(List<String> folded, InputTransform online) {
    boolean hasOnline() {
      return !(online instanceof TransformChain chain && chain.steps().isEmpty());
    }
  }

  /** Names of vectors that differ from the model's. */
  Set<String> changedVectors() {
    return changedVectors;
  }

  /** Sites whose weights in the block differ from the model's. */
  Set<LinearSite> changedSites() {
    return changedSites;
  }

  /** Notes that a site of the block was replaced by an equivalent one. */
  void replace(LinearSite site, FloatMatrix weights, Optional<float[]> bias) {
    QuantizedLinear linear = QuantizedLinear.of(weights, DType.F32);
    block.replace(site, bias.isPresent() ? linear.withBias(bias.get()) : linear);
    changedSites.add(site);
  }

  /** Notes that a vector of the block was replaced. */
  void replaceVector(String tensor, float[] values) {
    block.replaceVector(tensor, values);
    changedVectors.add(tensor);
  }

  /**
   * Transforms a group.
   *
   * @param recipe the common recipe of its sites, or one whose transforms they share
   * @param input what is known of the group's input
   * @param rules the recipe's transforms that are still to be done
   */
  Result apply(SiteGroup group, Recipe recipe, List<TransformRule> rules, LayerInput input) {
    QuantizationTrial trial = trial(recipe);
    List<String> folded = new ArrayList<>();
    List<InputTransform> online = new ArrayList<>();
    online.add(TransformChain.identity(group.inFeatures()));
    LayerGroup current = layers(group, input);
    for (TransformRule rule : rules) {
      boolean folding = online.size() == 1 && !rule.isOnline();
      boolean dispensable = rule instanceof HadamardRule rotation && rotation.folded();
      // Of all places only the values of attention take a rotation.
      if (dispensable && !(folding && group.origin() instanceof InputOrigin.Attention)) {
        continue;
      }
      InputTransform step =
          folding && rule instanceof HadamardRule rotation
              ? rotation(group, rotation)
              : rule.fit(current, trial);
      if (folding && fold(group, step)) {
        folded.add(step.describe());
      } else if (dispensable) {
        continue;
      } else {
        online.add(step);
      }
      current = current.after(step);
    }
    return new Result(folded, TransformChain.of(online));
  }

  /** How a recipe's transforms are tried. */
  static QuantizationTrial trial(Recipe recipe) {
    return QuantizationTrial.of(
        recipe.decomposition().trialQuantizer(), recipe.activations().map(Activations::scheme));
  }

  /** Layers with what is known of their input. */
  static LayerGroup withInput(LayerGroup layers, LayerInput input) {
    LayerGroup known = layers;
    if (input.statistics().isPresent()) {
      known = known.withStatistics(input.statistics().get());
    }
    return input.sample().isPresent() ? known.withSample(input.sample().get()) : known;
  }

  /**
   * Folds a transform into a normalization for all groups that read it.
   *
   * @param readers all of them
   */
  void foldCommon(NormSite norm, List<SiteGroup> readers, DiagonalTransform step) {
    foldIntoVectors(norm, step, true);
    readers.forEach(group -> followed(group, step));
  }

  private LayerGroup layers(SiteGroup group, LayerInput input) {
    List<FloatMatrix> weights =
        group.sites().stream().map(site -> block.linear(site).toDense()).toList();
    LayerGroup layers = withInput(LayerGroup.of(weights, compute), input);
    switch (group.origin()) {
      case InputOrigin.Attention(LinearSite values, HeadStructure heads) -> {
        FloatMatrix producer = block.linear(values).toDense();
        FloatMatrix rows = FloatMatrix.zeros(group.inFeatures(), producer.columns());
        for (int i = 0; i < rows.rows(); i++) {
          System.arraycopy(
              producer.data(),
              heads.source(i) * producer.columns(),
              rows.data(),
              i * producer.columns(),
              producer.columns());
        }
        layers = layers.withProducer(rows).withTies(heads.sources());
      }
      case InputOrigin.Gated(LinearSite factor, LinearSite _) ->
          layers = layers.withProducer(block.linear(factor).toDense());
      case InputOrigin.Activated(LinearSite site) ->
          layers = layers.withProducer(block.linear(site).toDense());
      case InputOrigin.Normalization _, InputOrigin.Fixed _ -> {
        // No layer computes the input.
      }
    }
    return layers;
  }

  /**
   * The rotation for a group: each head by itself behind attention, where that can be folded
   * (QuaRot's R2), and of the whole width otherwise.
   */
  private static InputTransform rotation(SiteGroup group, HadamardRule rule) {
    if (group.origin() instanceof InputOrigin.Attention(LinearSite _, HeadStructure heads)) {
      HadamardTransform headwise =
          HadamardTransform.of(heads.headSize(), HadamardTransform.NO_SIGNS);
      if (headwise.block() == heads.headSize()) {
        return heads.headRotation();
      }
    }
    return rule.rotation(group.inFeatures());
  }

  private boolean fold(SiteGroup group, InputTransform step) {
    boolean done =
        switch (group.origin()) {
          case InputOrigin.Normalization(NormSite norm) -> foldIntoNorm(group, norm, step);
          case InputOrigin.Attention(LinearSite values, HeadStructure heads) ->
              foldIntoValues(values, heads, step);
          case InputOrigin.Gated(LinearSite factor, LinearSite gate) ->
              foldIntoGate(factor, gate, step);
          case InputOrigin.Activated(LinearSite site) -> {
            if (!step.foldPlaces().contains(FoldPlace.ELEMENTWISE_FUNCTION)) {
              yield false;
            }
            foldIntoRows(site, step);
            yield true;
          }
          case InputOrigin.Fixed() -> false;
        };
    if (done) {
      followed(group, step);
    }
    return done;
  }

  /** Makes the layers of a group read the transformed input. */
  private void followed(SiteGroup group, InputTransform step) {
    for (LinearSite site : group.sites()) {
      QuantizedLinear linear = block.linear(site);
      FloatMatrix weights = linear.toDense();
      Optional<float[]> bias = linear.bias();
      if (step.hasConstant()) {
        float[] moved = bias.orElseGet(() -> new float[weights.rows()]);
        float[] correction = step.biasCorrection(weights, compute);
        for (int i = 0; i < moved.length; i++) {
          moved[i] += correction[i];
        }
        bias = Optional.of(moved);
      }
      replace(site, step.transformWeights(weights, compute), bias);
    }
  }

  /** What a norm multiplies by: its weights, and what is added to them. */
  static float[] gains(Block block, NormSite norm) {
    return shifted(block.vector(norm.weight()), norm.offset());
  }

  /** Values with a number added to each, in place. */
  static float[] shifted(float[] values, float offset) {
    for (int i = 0; offset != 0 && i < values.length; i++) {
      values[i] += offset;
    }
    return values;
  }

  private boolean foldIntoNorm(SiteGroup group, NormSite norm, InputTransform step) {
    Set<FoldPlace> places = step.foldPlaces();
    boolean linear = places.contains(FoldPlace.NORM_WEIGHT);
    boolean constant = places.contains(FoldPlace.NORM_BIAS);
    boolean fits = norm.bias().isPresent() ? constant && (linear || step.hasConstant()) : linear;
    if (CommonTransforms.sharesNorm(block, group)
        || !fits
        || (step.hasConstant() && norm.bias().isEmpty())) {
      return false;
    }
    foldIntoVectors(norm, step, linear);
    return true;
  }

  private void foldIntoVectors(NormSite norm, InputTransform step, boolean linear) {
    if (linear) {
      float[] gains = step.foldIntoVector(gains(block, norm), compute);
      replaceVector(norm.weight(), shifted(gains, -norm.offset()));
    }
    if (norm.bias().isPresent()) {
      String bias = norm.bias().get();
      replaceVector(bias, step.foldIntoBias(block.vector(bias), compute));
    }
  }

  private boolean foldIntoValues(LinearSite values, HeadStructure heads, InputTransform step) {
    if (step.hasConstant() || !step.foldPlaces().contains(FoldPlace.PRODUCER_ROWS)) {
      return false;
    }
    InputTransform through;
    try {
      through = heads.throughAttention(step);
    } catch (IllegalArgumentException _) {
      // It mixes heads, or treats heads differently that share a value head.
      return false;
    }
    foldIntoRows(values, through);
    return true;
  }

  private boolean foldIntoGate(LinearSite factor, LinearSite gate, InputTransform step) {
    Set<FoldPlace> places = step.foldPlaces();
    if (step.hasConstant()) {
      return false;
    }
    if (places.contains(FoldPlace.PRODUCT_FACTOR)) {
      foldIntoRows(factor, step);
      return true;
    }
    if (places.contains(FoldPlace.ELEMENTWISE_FUNCTION)) {
      foldIntoRows(factor, step);
      foldIntoRows(gate, step);
      return true;
    }
    return false;
  }

  private void foldIntoRows(LinearSite producer, InputTransform step) {
    QuantizedLinear linear = block.linear(producer);
    replace(
        producer,
        step.foldIntoRows(linear.toDense(), compute),
        linear.bias().map(bias -> step.foldIntoBias(bias, compute)));
  }
}
