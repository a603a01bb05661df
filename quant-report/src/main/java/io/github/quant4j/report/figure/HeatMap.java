// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

import java.util.Arrays;
import java.util.List;

/**
 * A number for each field of a table, as a colour.
 *
 * @param title what the picture shows
 * @param axis the scale of the numbers
 * @param columns names from left to right, at least one
 * @param rows names from top to bottom, at least one
 * @param values {@code [row][column]}; NaN, and what the axis does not show, has no field
 */
public record HeatMap(
    String title, Axis axis, List<String> columns, List<String> rows, double[][] values)
    implements Figure {

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if one is empty, or the numbers do not fill the table
   */
  public HeatMap {
    columns = List.copyOf(columns);
    rows = List.copyOf(rows);
    int width = columns.size();
    if (columns.isEmpty()
        || values.length != rows.size()
        || values.length == 0
        || Arrays.stream(values).anyMatch(row -> row.length != width)) {
      throw new IllegalArgumentException(
          "values: " + values.length + " rows, expected " + rows.size() + " of " + width);
    }
  }

  @Override
  public int marks() {
    return (int) Arrays.stream(values).flatMapToDouble(Arrays::stream).filter(axis::shows).count();
  }
}
