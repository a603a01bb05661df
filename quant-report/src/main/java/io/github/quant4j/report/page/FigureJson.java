// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.page;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.figure.Figure;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.figure.Histogram;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.figure.Scatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Figures as what the script of a page reads. Marks that cannot be drawn are left out or null. */
final class FigureJson {
  private FigureJson() {}

  static JsonValue of(Figure figure) {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("title", figure.title());
    json.put("marks", figure.marks());
    switch (figure) {
      case Scatter scatter -> put(json, scatter);
      case Bars bars -> put(json, bars);
      case HeatMap map -> put(json, map);
      case Histogram histogram -> put(json, histogram);
    }
    return JsonValue.of(json);
  }

  /** Light and dark colours, and the scale of heat maps. */
  static JsonValue palettes() {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("light", palette(Palette.LIGHT));
    json.put("dark", palette(Palette.DARK));
    json.put("scale", Palette.SCALE);
    return JsonValue.of(json);
  }

  private static Object palette(Palette palette) {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("paper", palette.paper());
    json.put("ink", palette.ink());
    json.put("lines", palette.lines());
    json.put("series", palette.series());
    return json;
  }

  private static Object axis(Axis axis) {
    SequencedMap<String, Object> json = new LinkedHashMap<>();
    json.put("label", axis.label());
    json.put("logarithmic", axis.isLogarithmic());
    return json;
  }

  private static Object number(Axis axis, double value) {
    return axis.shows(value) ? value : new JsonValue.Null();
  }

  private static void put(SequencedMap<String, Object> json, Scatter scatter) {
    json.put("kind", "scatter");
    json.put("x", axis(scatter.x()));
    json.put("y", axis(scatter.y()));
    List<Object> series = new ArrayList<>();
    for (Scatter.Series each : scatter.series()) {
      SequencedMap<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", each.name());
      entry.put("points", points(scatter.drawn(each)));
      series.add(entry);
    }
    json.put("series", series);
    json.put("front", points(scatter.front()));
  }

  private static List<Object> points(List<Scatter.Point> points) {
    List<Object> list = new ArrayList<>();
    for (Scatter.Point point : points) {
      list.add(List.of(point.x(), point.y(), point.label()));
    }
    return list;
  }

  private static void put(SequencedMap<String, Object> json, Bars bars) {
    json.put("kind", "bars");
    json.put("axis", axis(bars.axis()));
    json.put("labels", bars.labels());
    List<Object> series = new ArrayList<>();
    for (Bars.Series each : bars.series()) {
      List<Object> values = new ArrayList<>();
      for (double value : each.values()) {
        values.add(number(bars.axis(), value));
      }
      SequencedMap<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", each.name());
      entry.put("values", values);
      series.add(entry);
    }
    json.put("series", series);
  }

  private static void put(SequencedMap<String, Object> json, HeatMap map) {
    json.put("kind", "heat");
    json.put("axis", axis(map.axis()));
    json.put("columns", map.columns());
    json.put("rows", map.rows());
    List<Object> fields = new ArrayList<>();
    for (int row = 0; row < map.rows().size(); row++) {
      for (int column = 0; column < map.columns().size(); column++) {
        double value = map.values()[row][column];
        if (map.axis().shows(value)) {
          fields.add(List.of(column, row, value));
        }
      }
    }
    json.put("fields", fields);
  }

  private static void put(SequencedMap<String, Object> json, Histogram histogram) {
    json.put("kind", "histogram");
    json.put("axis", axis(histogram.axis()));
    json.put("from", histogram.from());
    json.put("to", histogram.to());
    List<Object> series = new ArrayList<>();
    for (Histogram.Distribution each : histogram.distributions()) {
      List<Object> shares = new ArrayList<>();
      for (double share : each.shares()) {
        shares.add(share);
      }
      SequencedMap<String, Object> entry = new LinkedHashMap<>();
      entry.put("name", each.name());
      entry.put("shares", shares);
      series.add(entry);
    }
    json.put("series", series);
  }
}
