// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.study.SpeechStudy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What recipes do to a speech encoder, as a table and as JSON. */
final class SpeechTable {
  static final String[] TITLES = {
    "recipe", "bits", "size", "SQNR", "worst SQNR", "Mbitops", "quantized in"
  };

  private SpeechTable() {}

  static List<String[]> cells(List<SpeechStudy.Row> rows) {
    List<String[]> cells = new ArrayList<>();
    for (SpeechStudy.Row row : rows) {
      cells.add(
          new String[] {
            row.recipe().isEmpty() ? "full precision" : row.recipe(),
            Numbers.fixed(row.bitsPerWeight(), 2),
            Numbers.bytes((double) row.bytes()),
            decibels(row.sqnr()),
            decibels(row.worst()),
            Numbers.fixed(row.operations().product() / 1e6, 0),
            Numbers.fixed(row.seconds(), 1) + " s"
          });
    }
    return cells;
  }

  /** A ratio, or a dash where there is no noise. */
  static String decibels(double ratio) {
    return Double.isFinite(ratio) ? Numbers.fixed(ratio, 2) + " dB" : "-";
  }

  static List<Map<String, ?>> json(List<SpeechStudy.Row> rows) {
    List<Map<String, ?>> list = new ArrayList<>();
    for (SpeechStudy.Row row : rows) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("recipe", row.recipe());
      entry.put("sqnr_db", Numbers.json(row.sqnr()));
      entry.put("worst_sqnr_db", Numbers.json(row.worst()));
      entry.put("bits_per_weight", row.bitsPerWeight());
      entry.put("bytes", row.bytes());
      entry.put("bit_operations", row.operations().product());
      entry.put("bit_operations_with_adders", row.operations().withAdders());
      entry.put("seconds", row.seconds());
      list.add(entry);
    }
    return list;
  }
}
