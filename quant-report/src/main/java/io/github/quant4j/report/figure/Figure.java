// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.report.figure;

/** A picture of numbers. */
public sealed interface Figure permits Bars, HeatMap, Histogram, Scatter {

  /**
   * What the picture shows.
   *
   * @return a line above it
   */
  String title();

  /**
   * How many marks the picture has: points, bars, fields or steps that can be drawn.
   *
   * @return at least 0
   */
  int marks();
}
