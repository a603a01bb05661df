// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.pipeline.RunSignature;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.stream.Collectors;

/**
 * The rows of a study. What depends on how fast a machine was is kept apart, so that the rest is
 * the same whenever and wherever the same cells are computed.
 *
 * @param entries one for each cell, in the order of the study
 */
public record StudyResult(List<Entry> entries) {
  private static final String COUNTED = "counted";

  /** Copies the list. */
  public StudyResult {
    entries = List.copyOf(entries);
  }

  /**
   * What came of a cell.
   *
   * @param model what the model is called
   * @param data what the data is called
   * @param seed what calibration depends on
   * @param recipe the recipe, or {@link RecipeStudy#ORIGINAL}
   * @param signature what the row depends on
   * @param row what the recipe does; empty if there is a problem
   * @param problem why there is no row; empty if there is one
   */
  public record Entry(
      String model,
      String data,
      long seed,
      String recipe,
      RunSignature signature,
      Optional<RecipeStudy.Row> row,
      String problem) {

    static Entry of(StudyCell cell, RunSignature signature, RecipeStudy.Row row) {
      return new Entry(
          cell.model(), cell.data(), cell.seed(), cell.recipe(), signature, Optional.of(row), "");
    }

    static Entry failed(StudyCell cell, RunSignature signature, String problem) {
      return new Entry(
          cell.model(),
          cell.data(),
          cell.seed(),
          cell.recipe(),
          signature,
          Optional.empty(),
          problem);
    }
  }

  /**
   * The problems.
   *
   * @return one line for each cell without a row
   */
  public List<String> problems() {
    return entries.stream()
        .filter(entry -> entry.row().isEmpty())
        .map(entry -> label(entry) + ": " + entry.problem())
        .toList();
  }

  private static String label(Entry entry) {
    return entry.recipe() + " of " + entry.model() + " on " + entry.data();
  }

  /**
   * The rows as JSON.
   *
   * @param bootstrap how confidence intervals are drawn
   * @return an object, the same for the same cells
   */
  public JsonValue.Obj toJson(Bootstrap bootstrap) {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    SequencedMap<String, Object> drawing = new LinkedHashMap<>();
    drawing.put("resamples", bootstrap.resamples());
    drawing.put("level", bootstrap.level());
    drawing.put("seed", bootstrap.seed());
    json.put("bootstrap", drawing);
    json.put(COUNTED, RecipeStudy.counted());
    List<Object> cells = new ArrayList<>();
    for (Entry entry : entries) {
      SequencedMap<String, Object> cell = new LinkedHashMap<>();
      cell.put("model", entry.model());
      cell.put("data", entry.data());
      cell.put("seed", entry.seed());
      cell.put("recipe", entry.recipe());
      entry.row().ifPresent(row -> put(cell, row, bootstrap));
      if (entry.row().isEmpty()) {
        cell.put("problem", entry.problem());
      }
      cell.put("signature", entry.signature().id());
      cells.add(cell);
    }
    json.put("cells", cells);
    return (JsonValue.Obj) JsonValue.of(json);
  }

  private static void put(
      SequencedMap<String, Object> cell, RecipeStudy.Row row, Bootstrap bootstrap) {
    cell.put("bits_per_weight", row.bitsPerWeight());
    cell.put("bytes", row.bytes());
    cell.put("bit_operations", row.operations().product());
    cell.put("bit_operations_with_adders", row.operations().withAdders());
    cell.put("traffic_bytes", row.trafficBytes());
    for (Measure measure : row.measures().all()) {
      cell.put(measure.name(), finite(measure.value()));
      measure
          .interval(bootstrap)
          .ifPresent(
              interval -> {
                cell.put(measure.name() + "_low", finite(interval.low()));
                cell.put(measure.name() + "_high", finite(interval.high()));
              });
    }
  }

  /** JSON has neither infinities nor NaN. */
  private static Object finite(double value) {
    return Double.isFinite(value) ? value : new JsonValue.Null();
  }

  /**
   * The rows as comma-separated values (RFC 4180) under one line of names. Numbers are as in JSON;
   * a field is empty where there is no number.
   *
   * @param bootstrap how confidence intervals are drawn
   * @return lines that end with a line feed, the same for the same cells
   */
  public String toCsv(Bootstrap bootstrap) {
    List<JsonValue.Obj> cells = new ArrayList<>();
    SequencedSet<String> columns = new LinkedHashSet<>();
    for (JsonValue cell : toJson(bootstrap).getArray("cells").orElse(List.of())) {
      SequencedMap<String, Object> members = new LinkedHashMap<>(((JsonValue.Obj) cell).members());
      // A line has no place for what holds for all.
      members.put(COUNTED, RecipeStudy.counted());
      cells.add((JsonValue.Obj) JsonValue.of(members));
      columns.addAll(members.keySet());
    }
    // Whatever cells have in common stands before what ends them.
    for (String last : List.of(COUNTED, "problem", "signature")) {
      if (columns.remove(last)) {
        columns.addLast(last);
      }
    }
    StringBuilder csv = new StringBuilder();
    csv.append(String.join(",", columns)).append('\n');
    for (JsonValue.Obj cell : cells) {
      csv.append(
              columns.stream()
                  .map(name -> cell.get(name).map(StudyResult::field).orElse(""))
                  .collect(Collectors.joining(",")))
          .append('\n');
    }
    return csv.toString();
  }

  private static String field(JsonValue value) {
    String text =
        value instanceof JsonValue.Str string ? string.value() : JsonWriter.compact(value);
    return text.chars().anyMatch(c -> c == '"' || c == ',' || c == '\n' || c == '\r')
        ? '"' + text.replace("\"", "\"\"") + '"'
        : text;
  }

  /**
   * How long things took, when they were computed.
   *
   * @return an object
   */
  public JsonValue.Obj times() {
    List<Object> cells = new ArrayList<>();
    for (Entry entry : entries) {
      entry
          .row()
          .ifPresent(
              row -> {
                SequencedMap<String, Object> cell = new LinkedHashMap<>();
                cell.put("model", entry.model());
                cell.put("data", entry.data());
                cell.put("seed", entry.seed());
                cell.put("recipe", entry.recipe());
                cell.put("seconds", row.seconds());
                row.measures()
                    .tokensPerSecond()
                    .ifPresent(speed -> cell.put("tokens_per_second", finite(speed)));
                cells.add(cell);
              });
    }
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("cells", cells);
    return (JsonValue.Obj) JsonValue.of(json);
  }
}
