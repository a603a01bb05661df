// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.Evaluation;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.evaluate.EvaluationResult;
import io.github.quant4j.generate.GeneratedText;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.PlannedSite;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationPlan;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.SelfGeneratedCalibration;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/** The main job, step by step: evaluate, quantize, save, load, evaluate and generate. */
final class Demo {
  private static final List<String> DEFAULT_RECIPES =
      List.of(
          "int8:channel:sym rtn",
          "int4:g64:asym gptq(act-order)",
          "int3:g64:asym gptq(act-order)>cd(6)");
  private static final int EVALUATION_CONTEXT = 128;
  private static final int CALIBRATION_WINDOWS = 32;
  private static final int CALIBRATION_CONTEXT = 256;
  private static final String PROMPT = "The old captain";
  private static final int LEAST_TEXTS = 4;
  private static final long WRITING_NANOS = TimeUnit.SECONDS.toNanos(3);
  private static final Sampling SAMPLING =
      Sampling.greedy(48).withTemperature(0.7).withTopK(40).withSeed(2);
  private static final double NANOS = 1e9;

  private final Quant quant;
  private final ModelOptions options;
  private final Path source;
  private final Path text;
  private final List<Recipe> recipes;

  /** What was measured of a model. */
  record Measured(
      double perplexity, double bitsPerWeight, long bytes, double tokensPerSecond, String text) {}

  /** What was measured of a quantized model, and how it differs from the original. */
  record Quantized(
      String recipe, Measured measured, double divergence, double agreement, double seconds) {}

  /** All of it. */
  record Outcome(Measured original, List<Quantized> quantized, double seconds) {}

  Demo(Quant quant, ModelOptions options, Path source, Path text, List<String> recipes) {
    this.quant = quant;
    this.options = options;
    this.source = source;
    this.text = text;
    this.recipes = recipes.stream().map(PublishedRecipes::recipe).toList();
  }

  static List<String> orUsual(List<String> recipes) {
    return recipes.isEmpty() ? DEFAULT_RECIPES : recipes;
  }

  /** Runs and leaves the quantized models in a directory. */
  Outcome run(Path directory) throws IOException {
    long start = System.nanoTime();
    String contents = TextFile.read(text);
    try (LanguageModel original = LanguageModel.open(source, options)) {
      QuantizationPlan plan =
          Quantization.of(original).recipe(recipes.getFirst()).plan().requireValid();
      say("model: " + source + ", " + original);
      EvaluationResult full = evaluate(Evaluation.of(original), contents);
      say(
          String.format(
              Locale.ROOT,
              "full precision: perplexity %.3f on %s, %d windows of %d tokens",
              full.perplexity(),
              text.getFileName(),
              full.windows(),
              EVALUATION_CONTEXT));
      GeneratedText written = generate(original);
      Calibration calibration = calibration(original);
      List<Quantized> quantized = new ArrayList<>();
      for (Recipe recipe : recipes) {
        Path target = directory.resolve("model-" + (quantized.size() + 1));
        QuantizationReport report;
        try (ProgressLine progress = quant.progress()) {
          report =
              Quantization.of(original)
                  .recipe(recipe)
                  .calibration(calibration)
                  .progress(progress)
                  .cancellation(quant.terminal().cancellation())
                  .saveTo(target);
        }
        quantized.add(measure(original, report, contents));
      }
      return new Outcome(
          new Measured(
              full.perplexity(),
              storedBits(plan),
              weightBytes(source),
              written.tokensPerSecond(),
              written.text()),
          quantized,
          (System.nanoTime() - start) / NANOS);
    }
  }

  /** Text that the model writes, once for all recipes, if one needs any. */
  private Calibration calibration(LanguageModel original) {
    SelfGeneratedCalibration text =
        SelfGeneratedCalibration.of(CALIBRATION_WINDOWS, CALIBRATION_CONTEXT, 0);
    if (recipes.stream().allMatch(recipe -> recipe.needs().isEmpty())) {
      return Calibration.selfGenerated(text.windows(), text.context());
    }
    try (ProgressLine progress = quant.progress()) {
      int[][] windows = text.write(original, progress, quant.terminal().cancellation());
      say(
          String.format(
              Locale.ROOT,
              "calibration: %d windows of %d tokens that the model has written",
              text.windows(),
              text.context()));
      return Calibration.ofTokens(windows);
    }
  }

  /** Loads a quantized model and compares it with the original. */
  private Quantized measure(LanguageModel original, QuantizationReport report, String contents)
      throws IOException {
    try (LanguageModel served = LanguageModel.open(report.directory(), options)) {
      EvaluationResult result = evaluate(Evaluation.of(served).against(original), contents);
      GeneratedText written = generate(served);
      EvaluationResult.Comparison comparison = result.comparison().orElseThrow();
      say(
          String.format(
              Locale.ROOT,
              "%s: %.2f bits, perplexity %.3f, quantized in %.1f s",
              report.recipe(),
              report.bitsPerWeight(),
              result.perplexity(),
              report.seconds()));
      say("  " + PROMPT + written.text().replaceAll("\\s+", " "));
      return new Quantized(
          report.recipe(),
          new Measured(
              result.perplexity(),
              report.bitsPerWeight(),
              weightBytes(report.directory()),
              written.tokensPerSecond(),
              written.text()),
          comparison.divergence(),
          comparison.agreement(),
          report.seconds());
    }
  }

  /** The width in which the layers that are quantized are stored now. */
  private static double storedBits(QuantizationPlan plan) {
    double bits = 0;
    double weights = 0;
    for (PlannedSite site : plan.sites()) {
      if (site.recipe().isPresent()) {
        bits += (double) site.bitsBefore();
        weights += (double) site.site().weightCount();
      }
    }
    return bits / weights;
  }

  /** The size of a model's weight files. */
  private static long weightBytes(Path directory) throws IOException {
    long bytes = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, "*.safetensors")) {
      for (Path file : files) {
        bytes += Files.size(file);
      }
    }
    return bytes;
  }

  private EvaluationResult evaluate(Evaluation evaluation, String contents) {
    try (ProgressLine progress = quant.progress()) {
      return evaluation
          .options(EvaluationOptions.defaults().withContext(EVALUATION_CONTEXT))
          .progress(progress)
          .cancellation(quant.terminal().cancellation())
          .run(contents);
    }
  }

  /**
   * Writes a text until the JVM has compiled what that takes and the speed is that of long use: the
   * fastest time counts, as other work of the machine only ever adds to it.
   */
  private GeneratedText generate(LanguageModel model) {
    Cancellation cancellation = quant.terminal().cancellation();
    long start = System.nanoTime();
    GeneratedText fastest = model.generate(PROMPT, SAMPLING);
    for (int i = 0; i < LEAST_TEXTS || System.nanoTime() - start < WRITING_NANOS; i++) {
      if (cancellation.isRequested()) {
        throw new CancellationException();
      }
      GeneratedText again = model.generate(PROMPT, SAMPLING);
      if (again.tokensPerSecond() > fastest.tokensPerSecond()) {
        fastest = again;
      }
    }
    return fastest;
  }

  private void say(String line) {
    if (quant.isJson()) {
      quant.terminal().err().println("quant: " + line);
    } else {
      quant.print(line);
    }
  }
}
