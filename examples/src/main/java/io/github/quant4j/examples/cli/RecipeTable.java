// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.study.Measure;
import io.github.quant4j.study.OutputEvaluator;
import io.github.quant4j.study.PredictionEvaluator;
import io.github.quant4j.study.RecipeStudy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What recipes do to a model, as a table and as JSON. */
final class RecipeTable {
  private final List<String> titles;
  private final List<List<String>> rows;

  private RecipeTable(List<String> titles, List<List<String>> rows) {
    this.titles = titles;
    this.rows = rows;
  }

  /** A table of rows with the same measures. */
  static RecipeTable of(List<RecipeStudy.Row> rows) {
    RecipeStudy.Row first = rows.getFirst();
    List<String> titles = new ArrayList<>(List.of("recipe", "bits", "size"));
    first.measures().all().forEach(measure -> titles.add(title(measure)));
    titles.addAll(List.of("Mbitops", "quantized in"));
    if (first.measures().tokensPerSecond().isPresent()) {
      titles.add("tokens/s");
    }
    return new RecipeTable(titles, rows.stream().map(RecipeTable::cells).toList());
  }

  private static List<String> cells(RecipeStudy.Row row) {
    List<String> cells = new ArrayList<>();
    cells.add(row.recipe().equals(RecipeStudy.ORIGINAL) ? "full precision" : row.recipe());
    cells.add(Numbers.fixed(row.bitsPerWeight(), 2));
    cells.add(Numbers.bytes((double) row.bytes()));
    row.measures().all().forEach(measure -> cells.add(number(measure.name(), measure.value())));
    cells.add(Numbers.fixed(row.operations().product() / 1e6, 0));
    cells.add(Numbers.fixed(row.seconds(), 1) + " s");
    row.measures().tokensPerSecond().ifPresent(speed -> cells.add(Numbers.fixed(speed, 0)));
    return cells;
  }

  /** What a column is called. */
  static String title(Measure measure) {
    return switch (measure.name()) {
      case PredictionEvaluator.KL -> "KL";
      case PredictionEvaluator.TOP_1 -> "top-1";
      case OutputEvaluator.SQNR -> "SQNR";
      case OutputEvaluator.WORST_SQNR -> "worst SQNR";
      default -> measure.name();
    };
  }

  /** A measure in the digits that suit it. */
  static String number(String name, double value) {
    return switch (name) {
      case PredictionEvaluator.PERPLEXITY -> Numbers.fixed(value, 3);
      case PredictionEvaluator.KL -> Numbers.fixed(value, 4);
      case PredictionEvaluator.TOP_1 -> Numbers.fixed(100 * value, 1) + " %";
      case OutputEvaluator.SQNR, OutputEvaluator.WORST_SQNR -> Numbers.decibels(value);
      default -> Numbers.significant(value);
    };
  }

  /** In aligned columns. */
  List<String> lines() {
    Table table = new Table(1, titles.toArray(String[]::new));
    rows.forEach(row -> table.add(row.toArray(String[]::new)));
    return table.lines();
  }

  /** In Markdown. */
  List<String> markdown() {
    List<String> lines = new ArrayList<>();
    lines.add("| " + String.join(" | ", titles) + " |");
    lines.add("|---|" + "---:|".repeat(titles.size() - 1));
    for (List<String> row : rows) {
      List<String> cells = new ArrayList<>(row);
      cells.set(0, "`" + cells.getFirst().replace("|", "\\|") + "`");
      lines.add("| " + String.join(" | ", cells) + " |");
    }
    return lines;
  }

  /** One row. */
  static Map<String, ?> json(RecipeStudy.Row row) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("recipe", row.recipe());
    for (Measure measure : row.measures().all()) {
      entry.put(measure.name(), Numbers.json(measure.value()));
    }
    entry.put("bits_per_weight", row.bitsPerWeight());
    entry.put("bytes", row.bytes());
    entry.put("bit_operations", row.operations().product());
    entry.put("bit_operations_with_adders", row.operations().withAdders());
    entry.put("seconds", row.seconds());
    row.measures()
        .tokensPerSecond()
        .ifPresent(speed -> entry.put("tokens_per_second", Numbers.json(speed)));
    return entry;
  }
}
