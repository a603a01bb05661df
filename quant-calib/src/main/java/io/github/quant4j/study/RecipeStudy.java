// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Quantizes one language model by several recipes, one after the other, on the same calibration and
 * evaluates each on the same text against the original. Instances are immutable.
 */
public final class RecipeStudy {
  private final LanguageModel model;
  private final Calibration calibration;
  private final int[] text;
  private final EvaluationOptions options;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /**
   * What one recipe does.
   *
   * @param recipe its canonical text; empty for the original
   * @param perplexity of the text
   * @param divergence mean KL from the original's predictions, in nats
   * @param agreement share of positions with the same likeliest token
   * @param bitsPerWeight effective width of the quantized layers
   * @param bytes size of the model's files
   * @param operations of all layers within blocks for one token
   * @param seconds how long quantization took
   * @param tokensPerSecond speed of the evaluation
   */
  public record Row(
      String recipe,
      double perplexity,
      double divergence,
      double agreement,
      double bitsPerWeight,
      long bytes,
      BitOperations operations,
      double seconds,
      double tokensPerSecond) {}

  private RecipeStudy(
      LanguageModel model,
      Calibration calibration,
      int[] text,
      EvaluationOptions options,
      ProgressListener progress,
      Cancellation cancellation) {
    this.model = model;
    this.calibration = calibration;
    this.text = text;
    this.options = options;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares a study.
   *
   * @param model the original, opened from a directory
   * @param calibration what recipes are calibrated on; written anew for each if the model writes it
   * @param text the tokens of the text to evaluate on; not to be changed
   * @param options how the text is cut up
   * @return the study
   */
  public static RecipeStudy of(
      LanguageModel model, Calibration calibration, int[] text, EvaluationOptions options) {
    return new RecipeStudy(
        model, calibration, text, options, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of the steps of quantization and evaluation
   * @return the changed study
   */
  public RecipeStudy progress(ProgressListener listener) {
    return new RecipeStudy(model, calibration, text, options, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param requested asked between steps, by default whether the calling thread is interrupted. The
   *     study then ends with a {@link java.util.concurrent.CancellationException}.
   * @return the changed study
   */
  public RecipeStudy cancellation(Cancellation requested) {
    return new RecipeStudy(model, calibration, text, options, progress, requested);
  }

  /**
   * Evaluates the original.
   *
   * @return its row
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if the text is shorter than one window
   */
  public Row original() throws IOException {
    EvaluationResult result = evaluation(model).run(text);
    try (ModelDirectory files = ModelDirectory.open(model.directory().orElseThrow())) {
      long bytes = files.files().stream().mapToLong(file -> file.byteSize()).sum();
      return new Row(
          "",
          result.perplexity(),
          0,
          1,
          BitOperations.FULL_BITS,
          bytes,
          StoredOperations.ofOriginal(model.graph()),
          0,
          result.tokensPerSecond());
    }
  }

  private Evaluation evaluation(LanguageModel evaluated) {
    return Evaluation.of(evaluated).options(options).progress(progress).cancellation(cancellation);
  }

  /**
   * Quantizes by a recipe and evaluates the result.
   *
   * @param recipe the recipe
   * @param target where the quantized model goes; replaced if there is one
   * @return the recipe's row
   * @throws IOException if the target cannot be written
   * @throws io.github.quant4j.recipe.RecipeException if the text is not a recipe
   * @throws io.github.quant4j.pipeline.PlanException if the recipe does not suit the model
   */
  public Row measure(String recipe, Path target) throws IOException {
    QuantizationReport report =
        Quantization.of(model)
            .recipe(recipe)
            .calibration(calibration)
            .progress(progress)
            .cancellation(cancellation)
            .saveTo(target, SaveOptions.defaults().withOverwrite(true));
    try (LanguageModel quantized = LanguageModel.open(target, model.options())) {
      EvaluationResult result = evaluation(quantized).against(model).run(text);
      EvaluationResult.Comparison comparison = result.comparison().orElseThrow();
      return new Row(
          report.recipe(),
          result.perplexity(),
          comparison.divergence(),
          comparison.agreement(),
          report.bitsPerWeight(),
          report.bytesAfter(),
          StoredOperations.of(model.graph(), target),
          report.seconds(),
          result.tokensPerSecond());
    }
  }
}
