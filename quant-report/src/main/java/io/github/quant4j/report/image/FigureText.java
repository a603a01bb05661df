// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.image;

import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.figure.Figure;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.figure.Histogram;
import io.github.quant4j.report.figure.Scatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Figures in words. */
final class FigureText {
  private FigureText() {}

  static String of(Figure figure) {
    List<String> parts = new ArrayList<>();
    switch (figure) {
      case Scatter scatter -> {
        parts.add(scatter.y().label() + " against " + scatter.x().label());
        for (Scatter.Series series : scatter.series()) {
          for (Scatter.Point point : scatter.drawn(series)) {
            parts.add(
                point.label()
                    + " ("
                    + series.name()
                    + "): "
                    + number(point.x())
                    + ", "
                    + number(point.y()));
          }
        }
      }
      case Bars bars -> {
        parts.add(bars.axis().label());
        for (int i = 0; i < bars.labels().size(); i++) {
          List<String> values = new ArrayList<>();
          for (Bars.Series series : bars.series()) {
            values.add(series.name() + " " + number(series.values()[i]));
          }
          parts.add(bars.labels().get(i) + ": " + String.join(", ", values));
        }
      }
      case HeatMap map -> {
        parts.add(map.axis().label());
        for (int row = 0; row < map.rows().size(); row++) {
          List<String> values = new ArrayList<>();
          for (int column = 0; column < map.columns().size(); column++) {
            values.add(map.columns().get(column) + " " + number(map.values()[row][column]));
          }
          parts.add(map.rows().get(row) + ": " + String.join(", ", values));
        }
      }
      case Histogram histogram -> {
        parts.add(
            histogram.axis().label()
                + " from "
                + number(histogram.from())
                + " to "
                + number(histogram.to()));
        histogram.distributions().forEach(each -> parts.add(each.name()));
      }
    }
    return String.join("; ", parts);
  }

  private static String number(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4g", value) : "none";
  }
}
