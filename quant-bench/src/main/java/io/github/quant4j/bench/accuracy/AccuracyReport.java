// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.accuracy;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.report.Trial;
import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.figure.Scatter;
import io.github.quant4j.report.image.FigureImage;
import io.github.quant4j.report.page.DataTable;
import io.github.quant4j.report.page.DataTable.Cell;
import io.github.quant4j.report.page.FigurePage;
import io.github.quant4j.study.RecipeStudy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/**
 * Turns a result file of {@link AccuracyVersusBitOperations} ({@code -rf json}) into a Markdown
 * table on standard output and, in a directory, a page and pictures of KL against bit operations,
 * bytes and measured time.
 */
public final class AccuracyReport {
  private static final String KL = "kl";
  private static final String DECODE = "decode";
  private static final String PREFILL = "prefill";
  private static final String DIVERGENCE = "KL from the original, nats";

  /** Secondary results and what their axes are called. */
  private static final List<Column> COSTS =
      List.of(
          new Column("bitOperations", "bit operations for a token", "bit-operations"),
          new Column("modelBytes", "size of the model, bytes", "bytes"),
          new Column("trafficBytes", "traffic for a token, bytes", "traffic"),
          new Column(DECODE, "milliseconds for a decoded token", "decode-time"),
          new Column(PREFILL, "milliseconds for a prefill", "prefill-time"));

  private record Column(String name, String label, String file) {}

  private final List<Trial> trials;

  private AccuracyReport(List<Trial> trials) {
    this.trials = trials;
  }

  /**
   * Reads a result file, and prints and draws it.
   *
   * @param args the file, and if pictures are wanted the directory they go to
   * @throws IOException if a file cannot be read or written
   * @throws IllegalArgumentException if the file is not such a result file
   */
  public static void main(String[] args) throws IOException {
    if (args.length < 1 || args.length > 2) {
      throw new IllegalArgumentException(
          "arguments: " + args.length + ", expected RESULTS.json [DIRECTORY]");
    }
    AccuracyReport report = parse(Files.readString(Path.of(args[0])));
    System.out.print(report.toMarkdown());
    if (args.length == 2) {
      report.draw(Path.of(args[1]));
    }
  }

  /** Reads the text of a result file; results of other benchmarks are passed over. */
  static AccuracyReport parse(String json) throws IOException {
    if (!(JsonParser.parse(json) instanceof JsonValue.Arr entries)) {
      throw new IllegalArgumentException("results: expected a list, as JMH writes with -rf json");
    }
    SequencedMap<String, SequencedMap<String, Double>> numbers = new LinkedHashMap<>();
    Map<String, String> recipes = new LinkedHashMap<>();
    for (JsonValue value : entries.elements()) {
      if (value instanceof JsonValue.Obj entry) {
        String name = entry.getString("benchmark").orElse("");
        if (name.contains(AccuracyVersusBitOperations.class.getSimpleName() + ".")) {
          JsonValue.Obj parameters = entry.getObject("params").orElseThrow();
          String key = label(parameters);
          recipes.put(key, recipe(parameters.getString("recipe").orElse("")));
          put(
              numbers.computeIfAbsent(key, _ -> new LinkedHashMap<>()),
              name.substring(name.lastIndexOf('.') + 1),
              entry);
        }
      }
    }
    if (numbers.isEmpty()) {
      throw new IllegalArgumentException(
          "results: none of " + AccuracyVersusBitOperations.class.getSimpleName());
    }
    List<Trial> trials = new ArrayList<>();
    numbers.forEach(
        (key, own) ->
            trials.add(new Trial(Trial.groupOf(String.valueOf(recipes.get(key))), key, own)));
    return new AccuracyReport(trials);
  }

  /** What a parameter stands for, as far as its file is here. */
  private static String recipe(String parameter) throws IOException {
    try {
      return RecipeParameter.recipe(parameter);
    } catch (IllegalArgumentException _) {
      return parameter;
    }
  }

  /** The recipe, and what else differs from the defaults. */
  private static String label(JsonValue.Obj parameters) throws IOException {
    String given = parameters.getString("recipe").orElse("");
    String recipe = recipe(given);
    StringBuilder label =
        new StringBuilder(recipe.equals(RecipeStudy.ORIGINAL) ? RecipeParameter.ORIGINAL : recipe);
    for (String name : List.of("model", "text")) {
      parameters
          .getString(name)
          .filter(value -> !value.isEmpty())
          .ifPresent(value -> label.append(", ").append(Path.of(value).getFileName()));
    }
    for (String name : List.of("threads", "prompt")) {
      parameters
          .getString(name)
          .filter(value -> !value.equals(name.equals("threads") ? "1" : "128"))
          .ifPresent(value -> label.append(", ").append(value).append(' ').append(name));
    }
    return label.toString();
  }

  private static void put(
      SequencedMap<String, Double> numbers, String method, JsonValue.Obj entry) {
    JsonValue.Obj primary = entry.getObject("primaryMetric").orElseThrow();
    String unit = primary.getString("scoreUnit").orElse("");
    if (!unit.equals("ms/op")) {
      throw new IllegalArgumentException(method + ": unit " + unit + ", expected ms/op");
    }
    Optional<Double> median =
        primary.getObject("scorePercentiles").flatMap(all -> all.getDouble("50.0"));
    numbers.put(method, median.or(() -> primary.getDouble("score")).orElseThrow());
    JsonValue.Obj secondary = entry.getObject("secondaryMetrics").orElseThrow();
    for (String name : secondary.members().keySet()) {
      secondary
          .getObject(name)
          .flatMap(metric -> metric.getDouble("score"))
          .ifPresent(score -> numbers.put(name, score));
    }
  }

  /** A row for each recipe. */
  String toMarkdown() {
    StringBuilder table =
        new StringBuilder(
            "| recipe | bits | size, MB | perplexity | KL | top-1 | Mbitops | with adders | traffic, MB |"
                + " ms/token | ms/prefill |\n|---|"
                + "---:|".repeat(10)
                + "\n");
    for (Trial trial : trials) {
      table.append(
          String.format(
              Locale.ROOT,
              "| `%s` | %s | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n",
              trial.label().replace("|", "\\|"),
              number(trial, "bitsPerWeight", "%.2f", 1),
              number(trial, "modelBytes", "%.2f", 1e6),
              number(trial, "perplexity", "%.2f", 1),
              number(trial, KL, "%.4f", 1),
              number(trial, "top1", "%.1f %%", 0.01),
              number(trial, "bitOperations", "%.0f", 1e6),
              number(trial, "bitOperationsWithAdders", "%.0f", 1e6),
              number(trial, "trafficBytes", "%.2f", 1e6),
              number(trial, DECODE, "%.3f", 1),
              number(trial, PREFILL, "%.2f", 1)));
    }
    return table.append("\nCounted: ").append(RecipeStudy.counted()).append(".\n").toString();
  }

  private static String number(Trial trial, String name, String format, double unit) {
    double value = trial.number(name);
    return Double.isFinite(value) ? String.format(Locale.ROOT, format, value / unit) : "";
  }

  private SequencedMap<String, Scatter> figures() {
    SequencedMap<String, Scatter> figures = new LinkedHashMap<>();
    for (Column cost : COSTS) {
      Scatter figure =
          Trial.figure(
              "KL against " + cost.label().replaceFirst(",.*", ""),
              trials,
              Axis.logarithmic(cost.label()),
              cost.name(),
              Axis.logarithmic(DIVERGENCE),
              KL);
      if (figure.marks() > 0) {
        figures.put("kl-against-" + cost.file(), figure);
      }
    }
    return figures;
  }

  /** The page with all figures and numbers. */
  String toPage() {
    FigurePage page =
        FigurePage.of("Accuracy against bit operations")
            .paragraph(
                "The original has no divergence and so no mark. Counted: "
                    + RecipeStudy.counted()
                    + ".");
    for (Scatter figure : figures().values()) {
      page = page.figure(figure, "Left and below is better; no recipe beats those of the front.");
    }
    List<String> names =
        trials.stream()
            .flatMap(trial -> trial.numbers().keySet().stream())
            .distinct()
            .collect(Collectors.toCollection(ArrayList::new));
    List<List<Cell>> rows = new ArrayList<>();
    for (Trial trial : trials) {
      List<Cell> cells = new ArrayList<>();
      cells.add(Cell.of(trial.label()));
      names.forEach(name -> cells.add(Cell.of("%.5g", trial.number(name))));
      rows.add(cells);
    }
    names.addFirst("recipe");
    return page.table(new DataTable("All numbers", names, rows)).html();
  }

  private void draw(Path directory) throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("accuracy.html"), toPage());
    for (Map.Entry<String, Scatter> figure : figures().entrySet()) {
      FigureImage image = FigureImage.of(figure.getValue());
      image.writeSvg(directory.resolve(figure.getKey() + ".svg"));
      image.palette(Palette.DARK).writeSvg(directory.resolve(figure.getKey() + "-dark.svg"));
    }
  }
}
