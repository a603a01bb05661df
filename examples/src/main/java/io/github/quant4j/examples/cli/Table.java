// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in aligned columns: the first one to the left, numbers to the right. */
final class Table {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();
  private final int textColumns;

  /**
   * Begins a table.
   *
   * @param textColumns how many columns, from the left, are not numbers
   * @param titles of all columns
   */
  Table(int textColumns, String... titles) {
    this.textColumns = textColumns;
    rows.add(List.of(titles));
  }

  void add(String... cells) {
    rows.add(List.of(cells));
  }

  /** The lines of the table. */
  List<String> lines() {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    List<String> lines = new ArrayList<>();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        String cell = row.get(i);
        String padding = " ".repeat(widths[i] - cell.length());
        line.append(i == 0 ? "" : GAP).append(i < textColumns ? cell + padding : padding + cell);
      }
      lines.add(line.toString().stripTrailing());
    }
    return lines;
  }
}
