// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report;

import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Scatter;
import io.github.quant4j.report.page.DataTable;
import io.github.quant4j.report.page.DataTable.Cell;
import io.github.quant4j.report.page.FigurePage;
import io.github.quant4j.study.Bootstrap;
import io.github.quant4j.study.Measure;
import io.github.quant4j.study.OutputEvaluator;
import io.github.quant4j.study.PredictionEvaluator;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.study.StudyResult;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/** What a study found: quality against cost, and all numbers in a table. */
public final class StudyPage {
  private static final String OPERATIONS = "bit operations for a token";
  private static final String BYTES = "size of the model, bytes";
  private static final String TRAFFIC = "traffic for a token, bytes";
  private static final String TIME = "time of the evaluation for a token, seconds";
  private static final String NOISE = "noise to signal of the outputs, dB";
  private static final String DIVERGENCE = "KL from the original, nats";

  private StudyPage() {}

  /**
   * The page of a study.
   *
   * @param title its heading
   * @param result what was found
   * @param bootstrap how confidence intervals are drawn
   * @return the page
   */
  public static FigurePage of(String title, StudyResult result, Bootstrap bootstrap) {
    FigurePage page = FigurePage.of(title).paragraph("Counted: " + RecipeStudy.counted() + ".");
    for (Scatter figure : figures(result)) {
      page = page.figure(figure, "Left and below is better; no recipe beats those of the front.");
    }
    return page.table(table(result, bootstrap));
  }

  /**
   * The figures of a study: for each model on some data its quality against bit operations, bytes,
   * traffic, and time if it was measured.
   *
   * @param result what was found
   * @return those that have at least one mark
   */
  public static List<Scatter> figures(StudyResult result) {
    SequencedMap<String, List<Trial>> parts = new LinkedHashMap<>();
    for (StudyResult.Entry entry : result.entries()) {
      entry
          .row()
          .ifPresent(
              row ->
                  parts
                      .computeIfAbsent(
                          entry.model() + " on " + entry.data(), _ -> new ArrayList<>())
                      .add(trial(entry, row)));
    }
    List<Scatter> figures = new ArrayList<>();
    parts.forEach(
        (part, trials) -> {
          boolean isPrediction =
              trials.stream().anyMatch(trial -> trial.numbers().containsKey(DIVERGENCE));
          String quality = isPrediction ? DIVERGENCE : NOISE;
          // Decibels are logarithms already.
          Axis upwards = new Axis(quality, isPrediction);
          for (String cost : List.of(OPERATIONS, BYTES, TRAFFIC, TIME)) {
            String title =
                (isPrediction ? "KL" : "Noise")
                    + " against "
                    + cost.replaceFirst(" (of|for) .*", "")
                    + (parts.size() > 1 ? ": " + part : "");
            figures.add(
                Trial.figure(title, trials, Axis.logarithmic(cost), cost, upwards, quality));
          }
        });
    return figures.stream().filter(figure -> figure.marks() > 0).toList();
  }

  private static Trial trial(StudyResult.Entry entry, RecipeStudy.Row row) {
    SequencedMap<String, Double> numbers = new LinkedHashMap<>();
    numbers.put(OPERATIONS, row.operations().product());
    numbers.put(BYTES, (double) row.bytes());
    numbers.put(TRAFFIC, row.trafficBytes());
    row.measures().tokensPerSecond().ifPresent(speed -> numbers.put(TIME, 1 / speed));
    for (Measure measure : row.measures().all()) {
      switch (measure.name()) {
        case PredictionEvaluator.KL -> numbers.put(DIVERGENCE, measure.value());
        case OutputEvaluator.SQNR -> numbers.put(NOISE, -measure.value());
        default -> {
          // Others are in the table.
        }
      }
    }
    return new Trial(Trial.groupOf(entry.recipe()), label(entry), numbers);
  }

  private static String label(StudyResult.Entry entry) {
    String recipe = entry.recipe().isEmpty() ? "original" : entry.recipe();
    return entry.seed() == 0 ? recipe : recipe + ", seed " + entry.seed();
  }

  private static DataTable table(StudyResult result, Bootstrap bootstrap) {
    SequencedSet<String> measures = new LinkedHashSet<>();
    for (StudyResult.Entry entry : result.entries()) {
      entry
          .row()
          .ifPresent(row -> row.measures().all().forEach(measure -> measures.add(measure.name())));
    }
    List<String> columns = new ArrayList<>(List.of("recipe", "model", "data", "seed"));
    for (String measure : measures) {
      columns.addAll(List.of(measure, "from", "to"));
    }
    columns.addAll(
        List.of("bits per weight", "bytes", "bit operations", "with adders", "traffic", "problem"));
    List<List<Cell>> rows = new ArrayList<>();
    for (StudyResult.Entry entry : result.entries()) {
      rows.add(cells(entry, measures, bootstrap));
    }
    return new DataTable("All cells", columns, rows);
  }

  private static List<Cell> cells(
      StudyResult.Entry entry, SequencedSet<String> measures, Bootstrap bootstrap) {
    List<Cell> cells = new ArrayList<>();
    cells.add(Cell.of(entry.recipe().isEmpty() ? "original" : entry.recipe()));
    cells.add(Cell.of(entry.model()));
    cells.add(Cell.of(entry.data()));
    cells.add(Cell.of("%.0f", (double) entry.seed()));
    Optional<RecipeStudy.Row> row = entry.row();
    for (String name : measures) {
      Optional<Measure> measure =
          row.stream()
              .flatMap(some -> some.measures().all().stream())
              .filter(some -> some.name().equals(name))
              .findFirst();
      Optional<Bootstrap.Interval> interval = measure.flatMap(some -> some.interval(bootstrap));
      cells.add(number(measure.map(Measure::value)));
      cells.add(number(interval.map(Bootstrap.Interval::low)));
      cells.add(number(interval.map(Bootstrap.Interval::high)));
    }
    cells.add(number(row.map(RecipeStudy.Row::bitsPerWeight)));
    cells.add(Cell.of("%.0f", row.map(some -> (double) some.bytes()).orElse(Double.NaN)));
    cells.add(number(row.map(some -> some.operations().product())));
    cells.add(number(row.map(some -> some.operations().withAdders())));
    cells.add(number(row.map(RecipeStudy.Row::trafficBytes)));
    cells.add(Cell.of(entry.problem()));
    return cells;
  }

  private static Cell number(Optional<Double> value) {
    return Cell.of("%.5g", value.orElse(Double.NaN));
  }
}
