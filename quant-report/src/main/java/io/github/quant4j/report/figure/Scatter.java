// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Points of two numbers, of which less is better, and the front of those that no other point beats
 * in both.
 *
 * @param title what the picture shows
 * @param x the scale to the right
 * @param y the scale upwards
 * @param series at least one
 */
public record Scatter(String title, Axis x, Axis y, List<Series> series) implements Figure {

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if it is empty
   */
  public Scatter {
    series = List.copyOf(series);
    if (series.isEmpty()) {
      throw new IllegalArgumentException("series: none, expected at least one");
    }
  }

  /**
   * Points that belong together.
   *
   * @param name what they are called
   * @param points the points
   */
  public record Series(String name, List<Point> points) {
    /** Copies the list. */
    public Series {
      points = List.copyOf(points);
    }
  }

  /**
   * A point.
   *
   * @param x to the right
   * @param y upwards
   * @param label what it is
   */
  public record Point(double x, double y, String label) {}

  /** All points that can be drawn. */
  private Stream<Point> drawn() {
    return series.stream().flatMap(each -> drawn(each).stream());
  }

  /**
   * The points of a series that can be drawn.
   *
   * @param chosen one of the series
   * @return those whose numbers both axes show
   */
  public List<Point> drawn(Series chosen) {
    return chosen.points().stream()
        .filter(point -> x.shows(point.x()) && y.shows(point.y()))
        .toList();
  }

  @Override
  public int marks() {
    return (int) drawn().count();
  }

  /**
   * The Pareto front: the points to which there is no other that is at most as large in both
   * numbers and smaller in one.
   *
   * @return from left to right, so that each is lower than the one before; of equal points one
   */
  public List<Point> front() {
    List<Point> sorted =
        drawn().sorted(Comparator.comparingDouble(Point::x).thenComparingDouble(Point::y)).toList();
    List<Point> front = new ArrayList<>();
    double least = Double.POSITIVE_INFINITY;
    for (Point point : sorted) {
      if (point.y() < least) {
        front.add(point);
        least = point.y();
      }
    }
    return List.copyOf(front);
  }
}
