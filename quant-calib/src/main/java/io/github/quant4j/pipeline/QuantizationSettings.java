// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;

/** Everything about a quantization that can be chosen. */
record QuantizationSettings<I>(
    Recipe recipe,
    List<Planner.SiteRule> rules,
    CalibrationInputs<I> inputs,
    TokenWeighting weighting,
    WeightScores scores,
    KernelOptions kernels,
    ProgressListener progress,
    Cancellation cancellation) {

  QuantizationSettings {
    rules = List.copyOf(rules);
  }

  static <I> QuantizationSettings<I> of(
      Recipe recipe, CalibrationInputs<I> inputs, KernelOptions kernels) {
    return new QuantizationSettings<>(
        recipe,
        List.of(),
        inputs,
        TokenWeighting.uniform(),
        WeightScores.none(),
        kernels,
        ProgressListener.none(),
        Cancellation.onInterrupt());
  }

  QuantizationSettings<I> withRecipe(Recipe changed) {
    return new QuantizationSettings<>(
        changed, rules, inputs, weighting, scores, kernels, progress, cancellation);
  }

  QuantizationSettings<I> withRule(Planner.SiteRule rule) {
    List<Planner.SiteRule> changed = new ArrayList<>(rules);
    changed.add(rule);
    return new QuantizationSettings<>(
        recipe, changed, inputs, weighting, scores, kernels, progress, cancellation);
  }

  QuantizationSettings<I> withInputs(CalibrationInputs<I> changed) {
    return new QuantizationSettings<>(
        recipe, rules, changed, weighting, scores, kernels, progress, cancellation);
  }

  QuantizationSettings<I> withWeighting(TokenWeighting changed) {
    return new QuantizationSettings<>(
        recipe, rules, inputs, changed, scores, kernels, progress, cancellation);
  }

  QuantizationSettings<I> withScores(WeightScores changed) {
    return new QuantizationSettings<>(
        recipe, rules, inputs, weighting, changed, kernels, progress, cancellation);
  }

  QuantizationSettings<I> withProgress(ProgressListener changed) {
    return new QuantizationSettings<>(
        recipe, rules, inputs, weighting, scores, kernels, changed, cancellation);
  }

  QuantizationSettings<I> withCancellation(Cancellation changed) {
    return new QuantizationSettings<>(recipe, rules, inputs, weighting, scores, kernels, progress, changed);
  }
}
