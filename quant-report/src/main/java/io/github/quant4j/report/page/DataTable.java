// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * A table that can be sorted by any column.
 *
 * @param title what it shows
 * @param columns names from left to right
 * @param rows of as many cells each
 */
public record DataTable(String title, List<String> columns, List<List<Cell>> rows) {

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if a row has not a cell for each column
   */
  public DataTable {
    columns = List.copyOf(columns);
    rows = rows.stream().map(List::copyOf).toList();
    for (List<Cell> row : rows) {
      if (row.size() != columns.size()) {
        throw new IllegalArgumentException(
            "rows: one of " + row.size() + " cells, expected " + columns.size());
      }
    }
  }

  /**
   * A field.
   *
   * @param text what is read
   * @param number what it is sorted by; by the text if it is empty
   */
  public record Cell(String text, OptionalDouble number) {

    /**
     * A text.
     *
     * @param text what is read
     * @return sorted by itself
     */
    public static Cell of(String text) {
      return new Cell(text, OptionalDouble.empty());
    }

    /**
     * A number.
     *
     * @param format of {@link String#format}
     * @param value the number
     * @return sorted by its value; a dash if it is not finite
     */
    public static Cell of(String format, double value) {
      return Double.isFinite(value)
          ? new Cell(String.format(Locale.ROOT, format, value), OptionalDouble.of(value))
          : of("-");
    }
  }
}
