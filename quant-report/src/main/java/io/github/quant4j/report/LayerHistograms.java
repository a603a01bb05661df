// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Histogram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How the weights of layers and their inputs are distributed before and after the transforms of a
 * recipe, which are there to make distributions easier to quantize. Transforms are fitted to each
 * group of layers by itself, on what the model as it was given produces.
 */
public final class LayerHistograms {
  private static final int INTERVALS = 80;
  private static final int MOST_ROWS = 4096;

  private final BlockModel<?> model;
  private final LinearQuantizer quantizer;
  private final Compute compute;
  private final Predicate<LinearSite> chosen;
  private final List<Layer> layers = new ArrayList<>();

  /**
   * The distributions of a layer.
   *
   * @param name the layer
   * @param weights before and after
   * @param inputs before and after
   */
  public record Layer(String name, Histogram weights, Histogram inputs) {}

  private LayerHistograms(
      BlockModel<?> model, Recipe recipe, Predicate<LinearSite> chosen, KernelOptions options) {
    this.model = model;
    // Nothing is quantized here that a layer could make up for.
    this.quantizer = LinearQuantizer.of(recipe.withRetarget(Optional.empty())).withOptions(options);
    this.compute = options.compute();
    this.chosen = chosen;
  }

  /**
   * Runs a network up to the last layer that is chosen, and looks at what goes into those that are.
   *
   * @param model the network in full precision
   * @param inputs what it reads, at least one; at most 4096 tokens of a layer's input are looked at
   * @param recipe whose transforms are applied
   * @param chosen which layers
   * @param options the linear algebra and the threads
   * @param <I> one input of the network
   * @return the layers that are chosen, in the order of the model
   * @throws IllegalArgumentException if there are no inputs, or a transform does not suit a layer
   */
  public static <I> List<Layer> of(
      BlockModel<I> model,
      List<? extends I> inputs,
      Recipe recipe,
      Predicate<LinearSite> chosen,
      KernelOptions options) {
    if (inputs.isEmpty()) {
      throw new IllegalArgumentException("inputs: none, expected at least one");
    }
    LayerHistograms histograms = new LayerHistograms(model, recipe, chosen, options);
    histograms.run(model.embed(inputs));
    return List.copyOf(histograms.layers);
  }

  private void run(HiddenStates first) {
    HiddenStates states = first;
    int last = -1;
    for (int b = 0; b < model.blocks().size(); b++) {
      last = model.blocks().get(b).sites().stream().anyMatch(chosen) ? b : last;
    }
    for (int b = 0; b <= last; b++) {
      try (Block block = model.open(b)) {
        Map<SiteGroup, FloatMatrix> seen = new HashMap<>();
        SiteObserver observer =
            (group, input) -> {
              if (group.sites().stream().anyMatch(chosen)) {
                seen.put(group, rows(input.copy()));
              }
            };
        states = block.run(states, observer);
        for (SiteGroup group : block.layout().groups()) {
          FloatMatrix input = seen.get(group);
          if (input != null) {
            add(block, group, input);
          }
        }
      }
    }
  }

  private static FloatMatrix rows(FloatMatrix input) {
    int count = Math.min(MOST_ROWS, input.rows());
    float[] values = new float[count * input.columns()];
    System.arraycopy(input.data(), 0, values, 0, values.length);
    return FloatMatrix.wrap(count, input.columns(), values);
  }

  private void add(Block block, SiteGroup group, FloatMatrix inputs) {
    List<LinearLayer> weights = new ArrayList<>();
    for (LinearSite site : group.sites()) {
      weights.add(LinearLayer.of(block.linear(site).toDense()));
    }
    InputTransform transform = quantizer.fitTransform(weights, LayerInput.observe(inputs, compute));
    FloatMatrix transformed = transform.apply(inputs, compute);
    for (int i = 0; i < weights.size(); i++) {
      LinearSite site = group.sites().get(i);
      if (chosen.test(site)) {
        FloatMatrix before = weights.get(i).weights();
        FloatMatrix after = transform.transformWeights(before, compute);
        layers.add(
            new Layer(
                site.name(),
                histogram("Weights of " + site.name(), "weight", before, after),
                histogram("Inputs of " + site.name(), "input", inputs, transformed)));
      }
    }
  }

  /** Both over the range of both, so that what an outlier costs is seen. */
  private static Histogram histogram(
      String title, String axis, FloatMatrix before, FloatMatrix after) {
    double most = Math.max(largest(before), largest(after));
    double range = most > 0 ? most : 1;
    return new Histogram(
        title,
        Axis.linear(axis),
        -range,
        range,
        List.of(
            Histogram.Distribution.of(
                "before" + extent(before), before.data(), -range, range, INTERVALS),
            Histogram.Distribution.of(
                "after" + extent(after), after.data(), -range, range, INTERVALS)));
  }

  /** A few outliers are not seen in a share, yet scales depend on them. */
  private static String extent(FloatMatrix values) {
    return String.format(Locale.ROOT, ", at most %.3g", largest(values));
  }

  private static double largest(FloatMatrix values) {
    double largest = 0;
    for (float value : values.data()) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
