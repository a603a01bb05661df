// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.image;

import io.github.quant4j.report.figure.Axis;
import io.github.quant4j.report.figure.Bars;
import io.github.quant4j.report.figure.Figure;
import io.github.quant4j.report.figure.HeatMap;
import io.github.quant4j.report.figure.Histogram;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.figure.Scatter;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.AnnotationText;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategorySeries;
import org.knowm.xchart.CategorySeries.CategorySeriesRenderStyle;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.XYSeries.XYSeriesRenderStyle;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler.ChartTheme;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Figures as charts of XChart. */
final class FigureChart {
  /** So many points at most are told apart by a number and a name each. */
  private static final int MOST_NAMED = 26;

  private static final double MOST_SPREAD = 30;

  /** Within less a logarithmic axis of XChart has marks at its ends alone, in all their digits. */
  private static final double LEAST_SPREAD = 3;

  private static final String LOGARITHMIC = "0.#######";
  private static final int TITLE_SIZE = 16;
  private static final int TEXT_SIZE = 12;
  private static final int MARKER_SIZE = 10;
  private static final Marker[] MARKERS = {
    SeriesMarkers.CIRCLE,
    SeriesMarkers.SQUARE,
    SeriesMarkers.TRIANGLE_UP,
    SeriesMarkers.DIAMOND,
    SeriesMarkers.TRIANGLE_DOWN
  };
  private static final BasicStroke DASHED =
      new BasicStroke(
          1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 10, new float[] {6, 4}, 0);

  private final Palette palette;
  private final int width;
  private final int height;

  private FigureChart(Palette palette, int width, int height) {
    this.palette = palette;
    this.width = width;
    this.height = height;
  }

  static Chart<?, ?> of(Figure figure, Palette palette, int width, int height) {
    FigureChart charts = new FigureChart(palette, width, height);
    return switch (figure) {
      case Scatter scatter -> charts.scatter(scatter);
      case Bars bars -> charts.bars(bars);
      case HeatMap map -> charts.heat(map);
      case Histogram histogram -> charts.histogram(histogram);
    };
  }

  private Color ink() {
    return Color.decode(palette.ink());
  }

  private static Font font(int size, int style) {
    return new Font(Font.SANS_SERIF, style, size);
  }

  private void style(Chart<?, ?> chart, String title, AxesChartStyler styler) {
    Color paper = Color.decode(palette.paper());
    Color lines = Color.decode(palette.lines());
    chart.setTitle(title);
    styler.setChartBackgroundColor(paper);
    styler.setChartFontColor(ink());
    styler.setPlotBackgroundColor(paper);
    styler.setPlotBorderColor(lines);
    styler.setLegendBackgroundColor(paper);
    styler.setLegendBorderColor(paper);
    styler.setLegendFont(font(TEXT_SIZE, Font.PLAIN));
    styler.setChartTitleFont(font(TITLE_SIZE, Font.BOLD));
    styler.setChartTitleBoxVisible(false);
    styler.setAnnotationTextFont(font(TEXT_SIZE, Font.PLAIN));
    styler.setAnnotationTextFontColor(ink());
    styler.setSeriesColors(palette.series().stream().map(Color::decode).toArray(Color[]::new));
    styler.setAxisTitleFont(font(TEXT_SIZE, Font.PLAIN));
    styler.setAxisTickLabelsFont(font(TEXT_SIZE, Font.PLAIN));
    styler.setAxisTickLabelsColor(ink());
    styler.setAxisTickMarksColor(lines);
    styler.setPlotGridLinesColor(lines);
    styler.setXAxisTitleColor(ink());
    styler.setYAxisTitleColor(ink());
    styler.setLocale(Locale.ROOT);
    styler.setLegendPosition(LegendPosition.OutsideE);
    styler.setMarkerSize(MARKER_SIZE);
  }

  /**
   * Ticks of both axes. With a function for labels XChart places ticks as on a linear axis, so that
   * logarithmic ones have a pattern instead; over several decades there is room for these alone.
   */
  private static void scales(Scatter scatter, AxesChartStyler styler) {
    double spread = spread(scatter, Scatter.Point::x);
    if (scatter.x().isLogarithmic() && spread > LEAST_SPREAD) {
      styler.setXAxisLogarithmic(true);
      styler.setXAxisLogarithmicDecadeOnly(spread > MOST_SPREAD);
      styler.setXAxisDecimalPattern(LOGARITHMIC);
    } else {
      styler.setxAxisTickLabelsFormattingFunction(FigureChart::number);
    }
    if (scatter.y().isLogarithmic()) {
      styler.setYAxisLogarithmic(true);
      styler.setYAxisLogarithmicDecadeOnly(spread(scatter, Scatter.Point::y) > MOST_SPREAD);
      styler.setYAxisDecimalPattern(LOGARITHMIC);
    } else {
      styler.setyAxisTickLabelsFormattingFunction(FigureChart::number);
    }
  }

  private static double spread(Scatter scatter, ToDoubleFunction<Scatter.Point> coordinate) {
    DoubleSummaryStatistics all =
        scatter.series().stream()
            .flatMap(series -> scatter.drawn(series).stream())
            .mapToDouble(coordinate)
            .summaryStatistics();
    return all.getMax() / all.getMin();
  }

  /** A number in few characters. */
  static String number(double value) {
    double size = Math.abs(value);
    if (size != 0 && size < 1e-3) {
      return String.format(Locale.ROOT, "%.0e", value);
    }
    String unit = "";
    double scaled = value;
    for (String next : List.of("k", "M", "G", "T")) {
      if (Math.abs(scaled) < 1000) {
        break;
      }
      scaled /= 1000;
      unit = " " + next;
    }
    String digits = String.format(Locale.ROOT, "%.3f", scaled);
    return digits.replaceFirst("\\.?0+$", "") + unit;
  }

  private Chart<?, ?> scatter(Scatter scatter) {
    XYChart chart = new XYChart(width, height);
    style(chart, scatter.title(), chart.getStyler());
    scales(scatter, chart.getStyler());
    double right = unit(scatter.x(), scatter, Scatter.Point::x);
    double upwards = unit(scatter.y(), scatter, Scatter.Point::y);
    chart.setXAxisTitle(scatter.x().label() + suffix(right));
    chart.setYAxisTitle(scatter.y().label() + suffix(upwards));
    List<Scatter.Point> front = in(scatter.front(), right, upwards);
    if (!front.isEmpty()) {
      XYSeries line =
          chart.addSeries(
              "Pareto front",
              front.stream().mapToDouble(Scatter.Point::x).toArray(),
              front.stream().mapToDouble(Scatter.Point::y).toArray());
      line.setMarker(SeriesMarkers.NONE).setLineStyle(DASHED).setLineColor(ink());
    }
    boolean isNamed = scatter.marks() <= MOST_NAMED;
    int number = 0;
    for (int s = 0; s < scatter.series().size(); s++) {
      List<Scatter.Point> points = in(scatter.drawn(scatter.series().get(s)), right, upwards);
      if (!isNamed) {
        add(chart, scatter.series().get(s).name(), points, s);
        continue;
      }
      for (Scatter.Point point : points) {
        number++;
        add(chart, number + "  " + point.label(), List.of(point), number - 1);
        chart.addAnnotation(
            new AnnotationText(
                Integer.toString(number), point.x(), above(scatter, point, upwards), false));
      }
    }
    return chart;
  }

  private void add(XYChart chart, String name, List<Scatter.Point> points, int index) {
    if (points.isEmpty()) {
      return;
    }
    XYSeries series =
        chart.addSeries(
            name,
            points.stream().mapToDouble(Scatter.Point::x).toArray(),
            points.stream().mapToDouble(Scatter.Point::y).toArray());
    series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Scatter);
    series.setMarker(MARKERS[index % MARKERS.length]);
    series.setMarkerColor(Color.decode(palette.of(index)));
  }

  /** Where a number stands: a little above its point. */
  private double above(Scatter scatter, Scatter.Point point, double unit) {
    double[] heights =
        scatter.series().stream()
            .flatMap(series -> scatter.drawn(series).stream())
            .mapToDouble(each -> each.y() / unit)
            .toArray();
    double low = Arrays.stream(heights).min().orElse(0);
    double high = Arrays.stream(heights).max().orElse(1);
    double share = 1.8 * MARKER_SIZE / height;
    return scatter.y().isLogarithmic()
        ? point.y() * Math.pow(high / low, share)
        : point.y() + (high - low) * share;
  }

  /** What numbers of a logarithmic axis are divided by, so that their labels are short. */
  private static double unit(
      Axis axis, Scatter scatter, ToDoubleFunction<Scatter.Point> coordinate) {
    double most =
        scatter.series().stream()
            .flatMap(series -> scatter.drawn(series).stream())
            .mapToDouble(coordinate)
            .max()
            .orElse(1);
    double unit = 1;
    while (axis.isLogarithmic() && unit < 1e12 && most >= 1000 * unit) {
      unit *= 1000;
    }
    return unit;
  }

  private static String suffix(double unit) {
    return switch ((int) Math.round(Math.log10(unit))) {
      case 3 -> ", thousands";
      case 6 -> ", millions";
      case 9 -> ", thousands of millions";
      case 12 -> ", millions of millions";
      default -> "";
    };
  }

  private static List<Scatter.Point> in(List<Scatter.Point> points, double right, double upwards) {
    return points.stream()
        .map(point -> new Scatter.Point(point.x() / right, point.y() / upwards, point.label()))
        .toList();
  }

  /** Bars of a logarithmic axis begin nowhere, so there are marks at their ends alone. */
  private Chart<?, ?> bars(Bars bars) {
    CategoryChart chart = new CategoryChart(width, height);
    style(chart, bars.title(), chart.getStyler());
    boolean isLogarithmic = bars.axis().isLogarithmic();
    // Categories of XChart have linear axes alone.
    chart
        .getStyler()
        .setyAxisTickLabelsFormattingFunction(
            value -> number(isLogarithmic ? Math.pow(10, value) : value));
    chart.setYAxisTitle(bars.axis().label());
    chart.getStyler().setXAxisLabelRotation(90);
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    chart.getStyler().setLegendVisible(bars.series().size() > 1);
    for (int s = 0; s < bars.series().size(); s++) {
      Bars.Series series = bars.series().get(s);
      List<Number> values = new ArrayList<>();
      for (double value : series.values()) {
        double shown = bars.axis().isLogarithmic() ? Math.log10(value) : value;
        values.add(bars.axis().shows(value) ? shown : Double.NaN);
      }
      CategorySeries drawn = chart.addSeries(series.name(), bars.labels(), values);
      Color colour = Color.decode(palette.of(s));
      if (isLogarithmic) {
        drawn.setChartCategorySeriesRenderStyle(CategorySeriesRenderStyle.Scatter);
        drawn.setMarker(MARKERS[s % MARKERS.length]);
        drawn.setMarkerColor(colour);
      } else {
        drawn.setFillColor(colour);
      }
    }
    return chart;
  }

  private Chart<?, ?> heat(HeatMap map) {
    // Only the builder applies a theme, without which the chart cannot be drawn.
    HeatMapChart chart =
        new HeatMapChartBuilder().width(width).height(height).theme(ChartTheme.XChart).build();
    style(chart, map.title(), chart.getStyler());
    chart.setXAxisTitle("");
    chart.setYAxisTitle(
        map.axis().isLogarithmic() ? "log10 of " + map.axis().label() : map.axis().label());
    List<Number[]> fields = new ArrayList<>();
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    int rows = map.rows().size();
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < map.columns().size(); column++) {
        double value = map.values()[row][column];
        if (map.axis().shows(value)) {
          double shown = map.axis().isLogarithmic() ? Math.log10(value) : value;
          low = Math.min(low, shown);
          high = Math.max(high, shown);
          // Rows of XChart begin at the bottom.
          fields.add(new Number[] {column, rows - 1 - row, shown});
        }
      }
    }
    chart
        .getStyler()
        .setRangeColors(Palette.SCALE.stream().map(Color::decode).toArray(Color[]::new));
    // These are the labels of the scale.
    double least = Math.floor(low * 100) / 100;
    chart.getStyler().setMin(least);
    chart.getStyler().setMax(Math.max(Math.ceil(high * 100) / 100, least + 0.01));
    chart.getStyler().setShowValue(false);
    chart.getStyler().setXAxisLabelRotation(map.columns().size() > 8 ? 90 : 0);
    chart.addSeries(map.axis().label(), map.columns(), map.rows().reversed(), fields);
    return chart;
  }

  private Chart<?, ?> histogram(Histogram histogram) {
    XYChart chart = new XYChart(width, height);
    style(chart, histogram.title(), chart.getStyler());
    chart.getStyler().setxAxisTickLabelsFormattingFunction(FigureChart::number);
    chart.getStyler().setyAxisTickLabelsFormattingFunction(FigureChart::number);
    chart.setXAxisTitle(histogram.axis().label());
    chart.setYAxisTitle("share of values");
    chart.getStyler().setLegendPosition(LegendPosition.OutsideS);
    for (int d = 0; d < histogram.distributions().size(); d++) {
      Histogram.Distribution distribution = histogram.distributions().get(d);
      int bins = distribution.shares().length;
      double[] x = new double[bins + 1];
      double[] y = new double[bins + 1];
      for (int i = 0; i <= bins; i++) {
        x[i] = histogram.edge(i);
        y[i] = distribution.shares()[Math.min(i, bins - 1)];
      }
      XYSeries series = chart.addSeries(distribution.name(), x, y);
      series.setXYSeriesRenderStyle(XYSeriesRenderStyle.Step);
      series.setMarker(SeriesMarkers.NONE);
      series.setLineColor(Color.decode(palette.of(d)));
      if (d % 2 == 1) {
        series.setLineStyle(DASHED);
      }
    }
    return chart;
  }
}
