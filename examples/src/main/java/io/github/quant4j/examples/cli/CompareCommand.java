// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.recipe.PublishedRecipes;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.study.SpeechStudy;
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
    List<RecipeStudy.Row> rows = new ArrayList<>();
    try (LanguageModel model = AnyModel.openForText(modelDirectory, options);
        TemporaryDirectory directory = TemporaryDirectory.create("quant-compare");
        ProgressLine progress = quant.progress()) {
      RecipeStudy study =
          RecipeStudy.of(
                  model,
                  calibration(model),
                  TextWindows.tokens(model, file, contents, context),
                  EvaluationOptions.defaults()
                      .withContext(context)
                      .withMaximumWindows(maximumWindows))
              .progress(progress)
              .cancellation(quant.terminal().cancellation());
      rows.add(study.original());
      for (String recipe : all) {
        rows.add(study.measure(recipe, directory.path().resolve("model")));
      }
    }
    if (quant.isJson()) {
      quant.print(json(rows));
    } else {
      print(rows);
    }
  }

  private void compareEncoders(List<String> all, Path speechPath) throws IOException {
    if (calibration.equals(SELF)) {
      throw new UsageException(
          "--calib: missing, but a speech encoder writes no text to calibrate on; expected a WAV"
              + " file or a folder of them");
    }
    quant.cleansUp();
    List<SpeechStudy.Row> rows = new ArrayList<>();
    try (SpeechEncoder encoder = AnyModel.openForSpeech(modelDirectory, runtime.modelOptions());
        TemporaryDirectory directory = TemporaryDirectory.create("quant-compare");
        ProgressLine progress = quant.progress()) {
      SpeechStudy study =
          SpeechStudy.of(
                  encoder,
                  SpeechFiles.spectrograms(
                      encoder, Conversions.path("--calib", calibration), samples, "--samples"),
                  SpeechFiles.spectrograms(encoder, speechPath, maximumWindows, "--max-windows"))
              .progress(progress)
              .cancellation(quant.terminal().cancellation());
      rows.add(study.original());
      for (String recipe : all) {
        rows.add(study.measure(recipe, directory.path().resolve("model")));
      }
    }
    if (quant.isJson()) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("model", modelDirectory.toString());
      json.put("speech", speechPath.toString());
      json.put("recipes", SpeechTable.json(rows));
      quant.print(json);
    } else {
      print(SpeechTable.TITLES, SpeechTable.cells(rows));
    }
  }

  /** All recipes, read before any work. */
  private List<String> recipes() throws IOException {
    List<String> all = new ArrayList<>(recipes);
    if (recipeFile != null) {
      TextFile.read(recipeFile)
          .lines()
          .map(line -> line.replaceFirst("#.*", "").trim())
          .filter(line -> !line.isEmpty())
          .forEach(all::add);
    }
    if (all.isEmpty()) {
      throw new UsageException("--recipe: none, expected at least one, or --recipes FILE");
    }
    return all.stream().map(text -> PublishedRecipes.recipe(text).toString()).toList();
  }

  /** The model writes once, and all recipes read the same. */
  private Calibration calibration(LanguageModel model) throws IOException {
    if (!calibration.equals(SELF)) {
      return Calibration.ofText(
          TextFile.read(Conversions.path("--calib", calibration)), samples, CALIBRATION_CONTEXT);
    }
    try (ProgressLine progress = quant.progress()) {
      List<int[]> windows =
          Calibration.selfGenerated(samples, CALIBRATION_CONTEXT)
              .inputs(model, progress, quant.terminal().cancellation());
      return Calibration.ofTokens(windows.toArray(int[][]::new));
    }
  }

  private void print(List<RecipeStudy.Row> rows) {
    String[] titles = {
      "recipe", "bits", "size", "perplexity", "KL", "top-1", "Mbitops", "quantized in", "tokens/s"
    };
    List<String[]> cells = new ArrayList<>();
    for (RecipeStudy.Row row : rows) {
      cells.add(
          new String[] {
            row.recipe().isEmpty() ? "full precision" : row.recipe(),
            Numbers.fixed(row.bitsPerWeight(), 2),
            Numbers.bytes((double) row.bytes()),
            Numbers.fixed(row.perplexity(), 3),
            Numbers.fixed(row.divergence(), 4),
            Numbers.fixed(100 * row.agreement(), 1) + " %",
            Numbers.fixed(row.operations().product() / 1e6, 0),
            Numbers.fixed(row.seconds(), 1) + " s",
            Numbers.fixed(row.tokensPerSecond(), 0)
          });
    }
    print(titles, cells);
  }

  private void print(String[] titles, List<String[]> cells) {
    if (markdown) {
      quant.print("| " + String.join(" | ", titles) + " |");
      quant.print("|---|" + "---:|".repeat(titles.length - 1));
      for (String[] row : cells) {
        row[0] = "`" + row[0].replace("|", "\\|") + "`";
        quant.print("| " + String.join(" | ", row) + " |");
      }
      return;
    }
    Table table = new Table(1, titles);
    cells.forEach(table::add);
    table.lines().forEach(quant::print);
  }

  private Map<String, ?> json(List<RecipeStudy.Row> rows) {
    List<Map<String, ?>> list = new ArrayList<>();
    for (RecipeStudy.Row row : rows) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("recipe", row.recipe());
      entry.put("perplexity", row.perplexity());
      entry.put("kl", row.divergence());
      entry.put("top1", row.agreement());
      entry.put("bits_per_weight", row.bitsPerWeight());
      entry.put("bytes", row.bytes());
      entry.put("bit_operations", row.operations().product());
      entry.put("bit_operations_with_adders", row.operations().withAdders());
      entry.put("seconds", row.seconds());
      entry.put("tokens_per_second", row.tokensPerSecond());
      list.add(entry);
    }
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("model", modelDirectory.toString());
    json.put("text", String.valueOf(text));
    json.put("recipes", list);
    return json;
  }
}
