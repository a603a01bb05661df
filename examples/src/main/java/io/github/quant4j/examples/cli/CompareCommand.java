// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares recipes on one model. */
@Command(
    name = "compare",
    header = "Quantizes a model by several recipes and compares accuracy, size and cost.",
    description =
        "The quantized models are thrown away. Bit operations are those of the layers within blocks"
            + " for one token: multiply-adds times the widths of weights and activations, 16 where"
            + " not quantized.")
final class CompareCommand implements Callable<Integer> {
  private static final String SELF = "self";
  private static final int SAMPLES = 64;
  private static final int CALIBRATION_CONTEXT = 256;

  private final Quant quant;

  @Parameters(paramLabel = "MODEL_DIR", description = "The model.")
  private Path modelDirectory = Path.of("");

  @Option(names = "--text", paramLabel = "FILE", description = "The text to evaluate on, in UTF-8.")
  private @Nullable Path text;

  @Option(
      names = "--speech",
      paramLabel = "PATH",
      description =
          "Speech to evaluate a speech encoder on: a WAV file, or a folder of them, which are joined"
              + " to segments of 30 seconds.")
  private @Nullable Path speech;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Tokens of an evaluated window (default: ${DEFAULT-VALUE}).")
  private int context = EvaluationOptions.defaults().context();

  @Option(
      names = "--max-windows",
      paramLabel = "N",
      description = "Evaluate at most so many windows or segments (default: all).")
  private int maximumWindows = Integer.MAX_VALUE;

  @Option(
      names = "--recipe",
      paramLabel = "R",
      description = "A recipe, or the name of a published system; may be given several times.")
  private List<String> recipes = new ArrayList<>();

  @Option(
      names = "--recipes",
      paramLabel = "FILE",
      description = "A file with a recipe on each line; empty lines and those with # are skipped.")
  private @Nullable Path recipeFile;

  @Option(
      names = "--calib",
      paramLabel = "FILE",
      description =
          "Text to calibrate on; 'self' lets the model write it (default: ${DEFAULT-VALUE}). For a"
              + " speech encoder a WAV file or a folder of them.")
  private String calibration = SELF;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "Windows of 256 tokens of calibration text, or at most so many segments of 30 seconds of"
              + " speech (default: ${DEFAULT-VALUE}).")
  private int samples = SAMPLES;

  @Option(names = "--markdown", description = "Print the table as Markdown.")
  private boolean markdown;

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  CompareCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    if (speech != null && text != null) {
      throw new UsageException("--speech: in addition to --text, expected one of them");
    }
    NumberRange.context(context);
    NumberRange.samples(samples);
    NumberRange.atLeast("--max-windows", maximumWindows, 1);
    List<String> all = recipes();
    if (speech != null) {
      compareEncoders(all, speech);
    } else if (text != null) {
      comparePredictions(all, text);
    } else {
      throw new UsageException(
          "compare: missing --text FILE, or --speech PATH for a speech encoder");
    }
    return 0;
  }

  private void comparePredictions(List<String> all, Path file) throws IOException {
    ModelOptions options = runtime.modelOptions();
    quant.cleansUp();
    String contents = TextFile.read(file);
    try (LanguageModel model = AnyModel.openForText(modelDirectory, options)) {
      RecipeStudy<int[]> study =
          RecipeStudy.of(
              model,
              calibration(),
              TextWindows.tokens(model, file, contents, context),
              EvaluationOptions.defaults().withContext(context).withMaximumWindows(maximumWindows));
      print("text", file, rows(study, all));
    }
  }

  private void compareEncoders(List<String> all, Path speechPath) throws IOException {
    if (calibration.equals(SELF)) {
      throw new UsageException(
          "--calib: missing, but a speech encoder writes no text to calibrate on; expected a WAV"
              + " file or a folder of them");
    }
    quant.cleansUp();
    try (SpeechEncoder encoder = AnyModel.openForSpeech(modelDirectory, runtime.modelOptions())) {
      RecipeStudy<FloatMatrix> study =
          RecipeStudy.of(
              encoder,
              SpeechFiles.spectrograms(
                  encoder, Conversions.path("--calib", calibration), samples, "--samples"),
              SpeechFiles.spectrograms(encoder, speechPath, maximumWindows, "--max-windows"));
      print("speech", speechPath, rows(study, all));
    }
  }

  private List<RecipeStudy.Row> rows(RecipeStudy<?> study, List<String> all) throws IOException {
    List<RecipeStudy.Row> rows = new ArrayList<>();
    try (TemporaryDirectory directory = TemporaryDirectory.create("quant-compare");
        ProgressLine progress = quant.progress()) {
      RecipeStudy<?> observed =
          study.progress(progress).cancellation(quant.terminal().cancellation());
      rows.add(observed.original());
      for (String recipe : all) {
        rows.add(observed.measure(recipe, directory.path().resolve("model")));
      }
    }
    return rows;
  }

  /** All recipes, read before any work. */
  private List<String> recipes() throws IOException {
    List<String> all = new ArrayList<>(recipes);
    if (recipeFile != null) {
      all.addAll(RecipeList.read(recipeFile));
    }
    if (all.isEmpty()) {
      throw new UsageException("--recipe: none, expected at least one, or --recipes FILE");
    }
    return all.stream().map(text -> PublishedRecipes.recipe(text).toString()).toList();
  }

  private Calibration calibration() throws IOException {
    return calibration.equals(SELF)
        ? Calibration.selfGenerated(samples, CALIBRATION_CONTEXT)
        : Calibration.ofText(
            TextFile.read(Conversions.path("--calib", calibration)), samples, CALIBRATION_CONTEXT);
  }

  private void print(String kind, Path data, List<RecipeStudy.Row> rows) {
    if (quant.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", modelDirectory.toString());
      json.put(kind, data.toString());
      json.put("counted", RecipeStudy.counted());
      json.put("recipes", rows.stream().map(RecipeTable::json).toList());
      quant.print(json);
      return;
    }
    RecipeTable table = RecipeTable.of(rows);
    if (markdown) {
      table.markdown().forEach(quant::print);
    } else {
      table.lines().forEach(quant::print);
    }
    quant.print("");
    quant.print("counted: " + RecipeStudy.counted());
  }
}
