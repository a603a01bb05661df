// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.function.ToDoubleFunction;

/**
 * How well a language model predicts a text, and how far its predictions are from the original's,
 * as {@link Evaluation} measures it.
 */
public final class PredictionEvaluator implements Evaluator {
  /** Perplexity of the text. */
  public static final String PERPLEXITY = "perplexity";

  /** Mean KL from the original's predictions, in nats. */
  public static final String KL = "kl";

  /** Share of positions with the same likeliest token as the original. */
  public static final String TOP_1 = "top1";

  private final LanguageModel original;
  private final int[] text;
  private final EvaluationOptions options;

  private PredictionEvaluator(LanguageModel original, int[] text, EvaluationOptions options) {
    this.original = original;
    this.text = text;
    this.options = options;
  }

  /**
   * Prepares the measuring.
   *
   * @param original the original, which stays open; quantized models are opened with its options
   * @param text the tokens of the text; not to be changed
   * @param options how the text is cut up
   * @return the evaluator
   * @throws IllegalArgumentException if the text is shorter than one window
   */
  public static PredictionEvaluator of(
      LanguageModel original, int[] text, EvaluationOptions options) {
    options.windows(text);
    return new PredictionEvaluator(original, text, options);
  }

  @Override
  public SequencedMap<String, String> dependencies() {
    SequencedMap<String, String> parts = new LinkedHashMap<>();
    parts.put("text", Calibration.ofTokens(options.windows(text)).describe());
    return parts;
  }

  @Override
  public Measures original(ProgressListener progress, Cancellation cancellation) {
    return measures(evaluation(original, progress, cancellation).run(text));
  }

  @Override
  public Measures quantized(Path directory, ProgressListener progress, Cancellation cancellation)
      throws IOException {
    try (LanguageModel quantized = LanguageModel.open(directory, original.options())) {
      return measures(evaluation(quantized, progress, cancellation).against(original).run(text));
    }
  }

  private Evaluation evaluation(
      LanguageModel model, ProgressListener progress, Cancellation cancellation) {
    return Evaluation.of(model).options(options).progress(progress).cancellation(cancellation);
  }

  /** Without a comparison it is the original, which agrees with itself. */
  private static Measures measures(EvaluationResult result) {
    boolean isOriginal = result.comparison().isEmpty();
    double divergence =
        result.comparison().map(EvaluationResult.Comparison::divergence).orElse(0.0);
    double agreement = result.comparison().map(EvaluationResult.Comparison::agreement).orElse(1.0);
    return new Measures(
        List.of(
            new Measure(
                PERPLEXITY,
                result.perplexity(),
                Measure.Form.EXPONENTIAL,
                parts(result, EvaluationResult.Window::negativeLogLikelihood)),
            new Measure(
                KL,
                divergence,
                Measure.Form.MEAN,
                isOriginal ? List.of() : parts(result, EvaluationResult.Window::divergence)),
            new Measure(
                TOP_1,
                agreement,
                Measure.Form.MEAN,
                isOriginal ? List.of() : parts(result, window -> (double) window.agreements()))),
        OptionalDouble.of(result.tokensPerSecond()));
  }

  private static List<Measure.Part> parts(
      EvaluationResult result, ToDoubleFunction<EvaluationResult.Window> sum) {
    return result.each().stream()
        .map(window -> new Measure.Part(sum.applyAsDouble(window), (double) window.tokens()))
        .toList();
  }
}
