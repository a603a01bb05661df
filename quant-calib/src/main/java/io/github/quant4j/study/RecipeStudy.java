// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.graph.BlockModel;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.metric.BitOperations;
import io.github.quant4j.metric.CountingPolicy;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.pipeline.QuantizationReport;
import io.github.quant4j.pipeline.RunSignature;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.recipe.Recipe;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/**
 * Quantizes one network by several recipes, one after the other, on the same calibration and
 * measures each on the same data as the original. Instances are immutable, but for calibration
 * windows that are made once.
 *
 * @param <I> one calibration input of the network
 */
public final class RecipeStudy<I> {
  /** Stands for the original in the place of a recipe. */
  public static final String ORIGINAL = "";

  /** What counts as bit operations of a row: what quantization of weights changes. */
  public static final CountingPolicy OPERATIONS = CountingPolicy.LAYERS;

  /** What counts as traffic of a row. */
  public static final CountingPolicy TRAFFIC = CountingPolicy.ALL;

  private static final List<String> OF_ORIGINAL = List.of("model", "kernels", "linear algebra");

  private final BlockModel<I> graph;
  private final Path directory;
  private final Preparation<I> preparation;
  private final Evaluator evaluator;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  /**
   * What one recipe does.
   *
   * @param recipe its canonical text; {@link #ORIGINAL} for the original
   * @param measures how good the model is
   * @param bitsPerWeight effective width of the quantized layers
   * @param bytes size of the model's files
   * @param operations of all layers within blocks for one token
   * @param trafficBytes between memory and processor, of everything, for a token after 255 others
   * @param seconds how long quantization took
   */
  public record Row(
      String recipe,
      Measures measures,
      double bitsPerWeight,
      long bytes,
      BitOperations operations,
      double trafficBytes,
      double seconds) {

    /**
     * A measure.
     *
     * @param name its name
     * @return the number
     * @throws IllegalArgumentException if there is none of that name
     */
    public double value(String name) {
      return measures.value(name);
    }
  }

  /** A quantization as it is described, and with inputs that are there. */
  private interface Preparation<I> {
    Quantization<I> described();

    Quantization<I> ready(Recipe recipe, ProgressListener progress, Cancellation cancellation)
        throws IOException;
  }

  private RecipeStudy(
      BlockModel<I> graph,
      Path directory,
      Preparation<I> preparation,
      Evaluator evaluator,
      ProgressListener progress,
      Cancellation cancellation) {
    this.graph = graph;
    this.directory = directory;
    this.preparation = preparation;
    this.evaluator = evaluator;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares a study of any network.
   *
   * @param graph the original
   * @param directory where it is stored
   * @param quantization of this network, with its calibration; its recipe does not matter
   * @param evaluator measures the original and what recipes make of it
   * @param <I> one calibration input of the network
   * @return the study
   */
  public static <I> RecipeStudy<I> of(
      BlockModel<I> graph, Path directory, Quantization<I> quantization, Evaluator evaluator) {
    Preparation<I> preparation =
        new Preparation<>() {
          @Override
          public Quantization<I> described() {
            return quantization;
          }

          @Override
          public Quantization<I> ready(
              Recipe recipe, ProgressListener progress, Cancellation cancellation) {
            return quantization.recipe(recipe);
          }
        };
    return new RecipeStudy<>(
        graph,
        directory,
        preparation,
        evaluator,
        ProgressListener.none(),
        Cancellation.onInterrupt());
  }

  /**
   * Prepares a study of a language model.
   *
   * @param model the original, opened from a directory
   * @param calibration what recipes are calibrated on; may be shared with other studies
   * @param evaluator measures the original and what recipes make of it
   * @return the study
   * @throws IllegalArgumentException if the model was not opened from a directory, or a calibration
   *     window is longer than it has positions
   */
  public static RecipeStudy<int[]> of(
      LanguageModel model, SharedCalibration calibration, Evaluator evaluator) {
    Quantization<int[]> described = Quantization.of(model).calibration(calibration.given());
    Preparation<int[]> preparation =
        new Preparation<>() {
          @Override
          public Quantization<int[]> described() {
            return described;
          }

          @Override
          public Quantization<int[]> ready(
              Recipe recipe, ProgressListener progress, Cancellation cancellation)
              throws IOException {
            Quantization<int[]> chosen = described.recipe(recipe);
            return recipe.needs().isEmpty()
                ? chosen
                : chosen.calibration(calibration.windows(progress, cancellation));
          }
        };
    return new RecipeStudy<>(
        model.graph(),
        model.directory().orElseThrow(),
        preparation,
        evaluator,
        ProgressListener.none(),
        Cancellation.onInterrupt());
  }

  /**
   * Prepares a study of a language model, measured by {@link PredictionEvaluator}.
   *
   * @param model the original, opened from a directory
   * @param calibration what recipes are calibrated on
   * @param text the tokens of the text to evaluate on; not to be changed
   * @param options how the text is cut up
   * @return the study
   * @throws IllegalArgumentException if the model was not opened from a directory, the text is
   *     shorter than one window, or a calibration window is longer than the model has positions
   */
  public static RecipeStudy<int[]> of(
      LanguageModel model, Calibration calibration, int[] text, EvaluationOptions options) {
    return of(
        model,
        SharedCalibration.of(model, calibration),
        PredictionEvaluator.of(model, text, options));
  }

  /**
   * Prepares a study of a speech encoder, measured by {@link OutputEvaluator}.
   *
   * @param encoder the original, opened from a directory
   * @param calibration spectrograms that recipes are calibrated on, see {@link
   *     SpeechEncoder#spectrogram}
   * @param speech spectrograms of other speech, to compare on
   * @return the study
   * @throws IllegalArgumentException if the encoder was not opened from a directory, or there is no
   *     calibration or no speech
   */
  public static RecipeStudy<FloatMatrix> of(
      SpeechEncoder encoder, List<FloatMatrix> calibration, List<FloatMatrix> speech) {
    Path directory =
        encoder
            .directory()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "encoder: " + encoder + ", expected one that was opened from a directory"));
    if (calibration.isEmpty() || speech.isEmpty()) {
      throw new IllegalArgumentException(
          (calibration.isEmpty() ? "calibration" : "speech") + ": none, expected at least one");
    }
    return of(
        encoder.graph(),
        directory,
        Quantization.of(encoder.graph(), directory, calibration, encoder.options().kernels()),
        OutputEvaluator.of(encoder, speech));
  }

  /**
   * What the costs of rows are the costs of, to be printed with them.
   *
   * @return one line
   */
  public static String counted() {
    return "bit operations of " + OPERATIONS + "; traffic of " + TRAFFIC;
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of the steps of quantization and of measuring
   * @return the changed study
   */
  public RecipeStudy<I> progress(ProgressListener listener) {
    return new RecipeStudy<>(graph, directory, preparation, evaluator, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param requested asked between steps, by default whether the calling thread is interrupted. The
   *     study then ends with a {@link java.util.concurrent.CancellationException}.
   * @return the changed study
   */
  public RecipeStudy<I> cancellation(Cancellation requested) {
    return new RecipeStudy<>(graph, directory, preparation, evaluator, progress, requested);
  }

  /**
   * What a row depends on: model, recipe, calibration, who computes, and the data. Reads the whole
   * model.
   *
   * @param recipe the recipe, or {@link #ORIGINAL}
   * @return equal for two studies only if their rows are, but for times
   * @throws IOException if the model cannot be read
   * @throws io.github.quant4j.recipe.RecipeException if the text is not a recipe
   */
  public RunSignature signature(String recipe) throws IOException {
    SequencedMap<String, String> parts = new LinkedHashMap<>();
    if (recipe.equals(ORIGINAL)) {
      preparation
          .described()
          .signature()
          .parts()
          .forEach(
              (name, part) -> {
                if (OF_ORIGINAL.contains(name)) {
                  parts.put(name, part);
                }
              });
      parts.put("recipe", "none");
    } else {
      parts.putAll(preparation.described().recipe(recipe).signature().parts());
    }
    parts.putAll(evaluator.dependencies());
    return RunSignature.of(parts);
  }

  /**
   * Why a recipe cannot be tried, before any work.
   *
   * @param recipe the recipe, or {@link #ORIGINAL}
   * @return one line for each problem; empty if it suits the model
   * @throws IOException if the model cannot be read
   * @throws io.github.quant4j.recipe.RecipeException if the text is not a recipe
   */
  public List<String> problems(String recipe) throws IOException {
    return recipe.equals(ORIGINAL)
        ? List.of()
        : preparation.described().recipe(recipe).plan().problems();
  }

  /**
   * Measures the original.
   *
   * @return its row
   * @throws IOException if it cannot be read
   */
  public Row original() throws IOException {
    Measures measures = evaluator.original(progress, cancellation);
    try (ModelSource source = ModelFormats.open(directory)) {
      long bytes = source.byteSize();
      StoredCosts costs = StoredCosts.ofOriginal(graph);
      return new Row(
          ORIGINAL,
          measures,
          BitOperations.FULL_BITS,
          bytes,
          costs.operations(),
          costs.trafficBytes(),
          0);
    }
  }

  /**
   * Quantizes by a recipe and measures the result.
   *
   * @param recipe the recipe
   * @param target where the quantized model goes; replaced if there is one
   * @return the recipe's row
   * @throws IOException if the target cannot be written
   * @throws io.github.quant4j.recipe.RecipeException if the text is not a recipe
   * @throws io.github.quant4j.pipeline.PlanException if the recipe does not suit the model
   */
  public Row measure(String recipe, Path target) throws IOException {
    return measure(recipe, target, SaveOptions.defaults().withOverwrite(true));
  }

  /**
   * Quantizes by a recipe and measures the result.
   *
   * @param recipe the recipe
   * @param target where the quantized model goes
   * @param save whether to overwrite and to resume
   * @return the recipe's row
   * @throws IOException if the target cannot be written
   * @throws io.github.quant4j.recipe.RecipeException if the text is not a recipe
   * @throws io.github.quant4j.pipeline.PlanException if the recipe does not suit the model
   */
  public Row measure(String recipe, Path target, SaveOptions save) throws IOException {
    QuantizationReport report =
        preparation
            .ready(Recipe.parse(recipe), progress, cancellation)
            .progress(progress)
            .cancellation(cancellation)
            .saveTo(target, save);
    Measures measures = evaluator.quantized(target, progress, cancellation);
    StoredCosts costs = StoredCosts.of(graph, target);
    return new Row(
        report.recipe(),
        measures,
        report.bitsPerWeight(),
        report.bytesAfter(),
        costs.operations(),
        costs.trafficBytes(),
        report.seconds());
  }
}
