// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.annotation.Stable;
import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.FitProblem;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.recipe.Activations;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.recipe.Retarget;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.TransformChain;
import io.github.quant4j.transform.rule.LayerGroup;
import io.github.quant4j.transform.rule.QuantizationTrial;
import io.github.quant4j.transform.rule.TransformRule;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Applies a recipe to linear layers given as matrices: all that an application with its own network
 * needs.
 *
 * <pre>{@code
 * LinearQuantizer quantizer = LinearQuantizer.of("awq | int4:g128:asym rtn");
 * QuantizedLinear packed =
 *     quantizer.quantize(weights, LayerInput.observe(inputs)).linear();   // [out, in], [tokens, in]
 * LinearKernel kernel = Kernels.forLinear(packed, KernelOptions.defaults());
 * }</pre>
 *
 * <p>Immutable and thread-safe; results do not depend on the number of threads.
 */
@Stable
public final class LinearQuantizer {
  private final Recipe recipe;
  private final KernelOptions options;

  private LinearQuantizer(Recipe recipe, KernelOptions options) {
    this.recipe = recipe;
    this.options = options;
  }

  /**
   * Reads a recipe.
   *
   * @param recipe its text, see {@link Recipe}
   * @return the quantizer, on the calling thread
   * @throws RecipeException if the text is not a recipe
   */
  public static LinearQuantizer of(String recipe) {
    return of(Recipe.parse(recipe));
  }

  /**
   * Takes a recipe.
   *
   * @param recipe the recipe
   * @return the quantizer, on the calling thread
   */
  public static LinearQuantizer of(Recipe recipe) {
    return new LinearQuantizer(recipe, KernelOptions.defaults());
  }

  /**
   * The same quantizer with other threads and linear algebra.
   *
   * @param changed provider and threads
   * @return the changed quantizer
   */
  public LinearQuantizer withOptions(KernelOptions changed) {
    return new LinearQuantizer(recipe, changed);
  }

  /**
   * The recipe.
   *
   * @return what is applied
   */
  public Recipe recipe() {
    return recipe;
  }

  /**
   * Quantizes a layer without a bias and without calibration.
   *
   * @param weights {@code [out, in]}; not changed
   * @return the layer and its report
   * @throws IllegalArgumentException if the recipe needs calibration, does not suit the shape, or a
   *     weight is not finite
   */
  public LinearQuantizationResult quantize(FloatMatrix weights) {
    return quantize(LinearLayer.of(weights), LayerInput.unknown());
  }

  /**
   * Quantizes a layer without a bias.
   *
   * @param weights {@code [out, in]}; not changed
   * @param input what is known of its input
   * @return the layer and its report
   * @throws IllegalArgumentException if the recipe needs more than is known, does not suit the
   *     shape, or a weight is not finite
   */
  public LinearQuantizationResult quantize(FloatMatrix weights, LayerInput input) {
    return quantize(LinearLayer.of(weights), input);
  }

  /**
   * Quantizes a layer.
   *
   * @param layer weights and bias; not changed
   * @param input what is known of its input
   * @return the layer and its report
   * @throws IllegalArgumentException if the recipe needs more than is known, does not suit the
   *     shape, or its transform makes the weights infinite, which takes some of 10^36 and above
   */
  public LinearQuantizationResult quantize(LinearLayer layer, LayerInput input) {
    return quantize(List.of(layer), input).layers().getFirst();
  }

  /**
   * Quantizes layers that read the same input, such as query, key and value projections, with one
   * transform for all.
   *
   * @param layers weights and biases, all of one input width; at least one; not changed
   * @param input what is known of their input
   * @return the transform, the layers and their reports
   * @throws IllegalArgumentException if the recipe needs more than is known, does not suit a shape,
   *     or the widths differ
   */
  public GroupQuantizationResult quantize(List<LinearLayer> layers, LayerInput input) {
    LayerGroup group = group(layers, input);
    InputTransform transform = fitTransform(group);
    List<Retargeting.Target> targets = targets(layers, input);
    LayerGroup aimed = targets.isEmpty() ? group : group.withWeights(weights(targets));
    LayerGroup changed = recipe.transforms().isEmpty() ? aimed : aimed.after(transform);
    List<LinearQuantizationResult> results = new ArrayList<>();
    for (int i = 0; i < layers.size(); i++) {
      Optional<Retargeting.Target> target =
          targets.isEmpty() ? Optional.empty() : Optional.of(targets.get(i));
      FloatMatrix wanted = aimed.weights().get(i);
      Reporter reporter = new Reporter(recipe, group, input, target, options);
      results.add(quantize(layers.get(i), wanted, i, changed, transform, reporter));
    }
    return new GroupQuantizationResult(transform, results);
  }

  /** What each layer is rounded towards; empty if that is its weights. */
  private List<Retargeting.Target> targets(List<LinearLayer> layers, LayerInput input) {
    Optional<Gram> gram = input.statistics().flatMap(InputStatistics::gram);
    Optional<Retarget> retarget = recipe.retarget().filter(wanted -> !wanted.isIdle());
    if (retarget.isEmpty() || gram.isEmpty() || input.upstreamError().isEmpty()) {
      return List.of();
    }
    Retargeting retargeting =
        new Retargeting(retarget.get(), gram.get(), input.upstreamError().get(), options.compute());
    return layers.stream().map(layer -> retargeting.of(layer.weights())).toList();
  }

  private static List<FloatMatrix> weights(List<Retargeting.Target> targets) {
    return targets.stream().map(Retargeting.Target::weights).toList();
  }

  /**
   * Computes the recipe's transform of a common input without quantizing anything, for callers that
   * fold it and go on with {@code recipe().withTransforms(List.of())}.
   *
   * @param layers weights, all of one input width; at least one
   * @param input what is known of their input
   * @return the transform; the identity if the recipe has none
   * @throws IllegalArgumentException if a rule needs more than is known, or does not suit the width
   */
  public InputTransform fitTransform(List<LinearLayer> layers, LayerInput input) {
    return fitTransform(group(layers, input));
  }

  private LayerGroup group(List<LinearLayer> layers, LayerInput input) {
    Set<StatisticNeed> missing = input.missing(recipe.needs());
    // Either only sharpens the searches; where one is a must, the step that needs it says so.
    missing.remove(StatisticNeed.SAMPLE);
    missing.remove(StatisticNeed.QUANTILES);
    // Only some layers write to the residual stream.
    missing.remove(StatisticNeed.RESIDUAL_MOMENT);
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "input: '"
              + recipe
              + "' needs "
              + missing
              + " of the input, which are not known; see"
              + " LayerInput.observe");
    }
    LayerGroup group =
        LayerGroup.of(layers.stream().map(LinearLayer::weights).toList(), options.compute());
    if (input.statistics().isPresent()) {
      group = group.withStatistics(input.statistics().get());
    }
    if (input.sample().isPresent()) {
      group = group.withSample(input.sample().get());
    }
    if (input.producer().isPresent()) {
      group = group.withProducer(input.producer().get());
    }
    return input.ties().isPresent() ? group.withTies(input.ties().get()) : group;
  }

  private InputTransform fitTransform(LayerGroup group) {
    QuantizationTrial trial =
        QuantizationTrial.of(
            recipe.decomposition().trialQuantizer(), recipe.activations().map(Activations::scheme));
    List<InputTransform> steps = new ArrayList<>();
    steps.add(TransformChain.identity(group.size()));
    LayerGroup current = group;
    for (TransformRule rule : recipe.transforms()) {
      InputTransform step = rule.fit(current, trial);
      steps.add(step);
      current = current.after(step);
    }
    return TransformChain.of(steps);
  }

  private LinearQuantizationResult quantize(
      LinearLayer layer,
      FloatMatrix target,
      int index,
      LayerGroup changed,
      InputTransform transform,
      Reporter reporter) {
    FloatMatrix weights = changed.weights().get(index);
    if (!weights.isFinite()) {
      throw new IllegalArgumentException(
          "weights: "
              + weights
              + " is too close to the end of binary32's range, so that "
              + transform.describe()
              + " makes it infinite; use a recipe without transforms, or keep the layer");
    }
    FitProblem problem = FitProblem.of(weights.rows(), weights.columns(), changed.compute());
    if (changed.statistics().isPresent()) {
      problem = problem.withStatistics(changed.statistics().get());
    }
    if (changed.sample().isPresent()) {
      problem = problem.withSample(changed.sample().get());
    }
    if (layer.scores().isPresent()) {
      problem = problem.withScores(layer.scores().get());
    }
    Decomposition.Result fitted = recipe.decomposition().fit(weights, problem);
    ActivationQuantizer activations = null;
    if (recipe.activations().isPresent()) {
      OutputSearch.Found found =
          OutputSearch.of(recipe.activations().get(), changed)
              .fit(recipe.decomposition(), weights, fitted);
      fitted = found.weights();
      activations = found.activations();
    }
    QuantizedLinear linear = QuantizedLinear.of(fitted.terms());
    Optional<float[]> bias = bias(layer, target, transform, weights, fitted, changed);
    if (bias.isPresent()) {
      linear = linear.withBias(bias.get());
    }
    if (activations != null) {
      linear = linear.withActivations(activations);
    }
    if (!(transform instanceof TransformChain chain && chain.steps().isEmpty())) {
      linear = linear.withTransform(transform);
    }
    return new LinearQuantizationResult(
        linear, reporter.report(layer, weights, fitted, linear, changed));
  }

  /** The layer's bias, what a shift of the input adds to it, and less the mean output error. */
  private Optional<float[]> bias(
      LinearLayer layer,
      FloatMatrix target,
      InputTransform transform,
      FloatMatrix weights,
      Decomposition.Result fitted,
      LayerGroup changed) {
    Optional<float[]> given = layer.bias();
    if (given.isEmpty() && !transform.hasConstant() && !recipe.hasBiasCorrection()) {
      return Optional.empty();
    }
    float[] bias = given.orElseGet(() -> new float[weights.rows()]);
    if (transform.hasConstant()) {
      float[] correction = transform.biasCorrection(target, changed.compute());
      for (int row = 0; row < bias.length; row++) {
        bias[row] += correction[row];
      }
    }
    Optional<InputStatistics> statistics = changed.statistics();
    if (recipe.hasBiasCorrection() && statistics.isPresent()) {
      double[] mean = statistics.get().mean();
      for (int row = 0; row < bias.length; row++) {
        double shift = 0;
        for (int j = 0; j < mean.length; j++) {
          int at = row * mean.length + j;
          shift += mean[j] * ((double) fitted.weights().data()[at] - weights.data()[at]);
        }
        bias[row] -= (float) shift;
      }
    }
    return Optional.of(bias);
  }
}
