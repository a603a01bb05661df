// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.recipe.Recipe;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Measures how much a model loses when one layer alone is quantized, for each layer within blocks
 * and each candidate recipe: the error of the layer's output, {@code tr(E H E^T)}, that of its
 * weights, and the loss of the whole model, forward only.
 *
 * <p>Layers are quantized on statistics of the calibration inputs. Losses are measured on other
 * inputs, so that a rounding that is fitted to the calibration gets no credit for that. What runs
 * before a changed layer's block is computed once. Transforms of a candidate run with the layer.
 * Token weights of a recipe are not applied. Instances are immutable.
 *
 * <p>Cost: for each layer and measured candidate, a pass of the measured inputs through the blocks
 * from the layer's own on; for each layer and candidate, its quantization. All blocks are in memory
 * at once.
 *
 * @param <I> one input of the model
 */
public final class SensitivityStudy<I> {
  private final BlockModel<I> model;
  private final Settings<I> settings;

  /** Everything that can be chosen. */
  record Settings<I>(
      LossMeasure measure,
      List<I> calibration,
      List<I> measured,
      List<Recipe> candidates,
      Set<Recipe> withLoss,
      Function<LinearSite, Optional<QuantizedLinear>> base,
      boolean pairs,
      KernelOptions kernels,
      ProgressListener progress,
      Cancellation cancellation) {}

  private SensitivityStudy(BlockModel<I> model, Settings<I> settings) {
    this.model = model;
    this.settings = settings;
  }

  /**
   * Prepares the study of a language model, whose loss is the divergence of its predictions.
   *
   * @param model the original
   * @param calibration token windows that layers are quantized on
   * @param measured other token windows, that losses are measured on
   * @param candidates the recipes
   * @return the study, not yet run
   * @throws IllegalArgumentException if there are no windows or no candidates
   */
  public static SensitivityStudy<int[]> of(
      LanguageModel model, List<int[]> calibration, List<int[]> measured, List<Recipe> candidates) {
    return of(
        model.graph(),
        LossMeasure.DIVERGENCE,
        calibration,
        measured,
        candidates,
        model.options().kernels());
  }

  /**
   * Prepares the study of any network.
   *
   * @param model the original
   * @param measure of the loss; divergence if the network ends in logits
   * @param calibration inputs that layers are quantized on
   * @param measured other inputs, that losses are measured on
   * @param candidates the recipes
   * @param kernels the kernel provider and the threads
   * @param <I> one input of the network
   * @return the study, not yet run
   * @throws IllegalArgumentException if there are no inputs or no candidates
   */
  public static <I> SensitivityStudy<I> of(
      BlockModel<I> model,
      LossMeasure measure,
      List<? extends I> calibration,
      List<? extends I> measured,
      List<Recipe> candidates,
      KernelOptions kernels) {
    if (calibration.isEmpty() || measured.isEmpty() || candidates.isEmpty()) {
      throw new IllegalArgumentException(
          "sensitivity: "
              + calibration.size()
              + " calibration inputs, "
              + measured.size()
              + " to measure on and "
              + candidates.size()
              + " candidates, expected at least one of each");
    }
    return new SensitivityStudy<>(
        model,
        new Settings<>(
            measure,
            List.copyOf(calibration),
            List.copyOf(measured),
            List.copyOf(candidates),
            Set.copyOf(candidates),
            _ -> Optional.empty(),
            false,
            kernels,
            ProgressListener.none(),
            Cancellation.onInterrupt()));
  }

  /**
   * The same with the loss of fewer candidates measured; of the others the errors are known.
   *
   * @param some of the candidates, or none
   * @return the changed study
   */
  public SensitivityStudy<I> measuringLossOf(Set<Recipe> some) {
    return with(
        new Settings<>(
            settings.measure,
            settings.calibration,
            settings.measured,
            settings.candidates,
            Set.copyOf(some),
            settings.base,
            settings.pairs,
            settings.kernels,
            settings.progress,
            settings.cancellation));
  }

  /**
   * The same around a quantized model: all other layers are as in that model, and a loss is what is
   * lost beyond it, which may be negative.
   *
   * @param layers the layers of that model; empty for those that are as in the original
   * @return the changed study
   */
  public SensitivityStudy<I> around(Function<LinearSite, Optional<QuantizedLinear>> layers) {
    return with(
        new Settings<>(
            settings.measure,
            settings.calibration,
            settings.measured,
            settings.candidates,
            settings.withLoss,
            layers,
            settings.pairs,
            settings.kernels,
            settings.progress,
            settings.cancellation));
  }

  /**
   * The same with interactions: each two neighbouring layers quantized together, by each candidate
   * whose loss is measured.
   *
   * @param asked whether to measure them
   * @return the changed study
   */
  public SensitivityStudy<I> withPairs(boolean asked) {
    return with(
        new Settings<>(
            settings.measure,
            settings.calibration,
            settings.measured,
            settings.candidates,
            settings.withLoss,
            settings.base,
            asked,
            settings.kernels,
            settings.progress,
            settings.cancellation));
  }

  /**
   * The same with a listener and another way to stop it.
   *
   * @param listener is told of layers
   * @param requested asked between steps
   * @return the changed study
   */
  public SensitivityStudy<I> watched(ProgressListener listener, Cancellation requested) {
    return with(
        new Settings<>(
            settings.measure,
            settings.calibration,
            settings.measured,
            settings.candidates,
            settings.withLoss,
            settings.base,
            settings.pairs,
            settings.kernels,
            listener,
            requested));
  }

  private SensitivityStudy<I> with(Settings<I> changed) {
    return new SensitivityStudy<>(model, changed);
  }

  /**
   * Runs the study.
   *
   * @return what it finds; candidates that do not suit a layer are left out there
   * @throws IllegalArgumentException if no candidate suits a layer
   * @throws ArithmeticException if the model's output is not finite
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public SensitivityTable run() {
    try (SensitivityRun<I> run = new SensitivityRun<>(model, settings)) {
      return run.table();
    }
  }
}
