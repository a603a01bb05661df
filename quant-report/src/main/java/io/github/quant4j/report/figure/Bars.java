// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

import java.util.Arrays;
import java.util.List;

/**
 * A number for each of some things, as a bar; several series stand side by side. Bars of a
 * logarithmic axis begin nowhere: there the numbers are marks.
 *
 * @param title what the picture shows
 * @param axis the scale of the numbers
 * @param labels of the things, from top to bottom, at least one
 * @param series at least one
 */
public record Bars(String title, Axis axis, List<String> labels, List<Series> series)
    implements Figure {

  /**
   * Copies the lists.
   *
   * @throws IllegalArgumentException if one is empty, or a series has not a number for each label
   */
  public Bars {
    labels = List.copyOf(labels);
    series = List.copyOf(series);
    if (labels.isEmpty() || series.isEmpty()) {
      throw new IllegalArgumentException("labels and series: none, expected at least one");
    }
    for (Series each : series) {
      if (each.values.length != labels.size()) {
        throw new IllegalArgumentException(
            "series: "
                + each.values.length
                + " numbers of "
                + each.name
                + ", expected "
                + labels.size());
      }
    }
  }

  /**
   * Numbers of one kind.
   *
   * @param name what they are
   * @param values for each label; what the axis does not show has no bar
   */
  public record Series(String name, double[] values) {}

  @Override
  public int marks() {
    return (int)
        series.stream()
            .flatMapToDouble(each -> Arrays.stream(each.values))
            .filter(axis::shows)
            .count();
  }
}
