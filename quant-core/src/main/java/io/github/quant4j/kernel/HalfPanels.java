// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.lane.CodeLanes;
import io.github.quant4j.matrix.QuantizedMatrix;

/** Levels as binary16, which processors widen many at once. */
final class HalfPanels extends WeightPanels {
  private final short[][] panels;

  HalfPanels(QuantizedMatrix weights) {
    super(weights.rows(), weights.columns());
    this.panels = new short[count()][];
    for (int p = 0; p < panels.length; p++) {
      panels[p] = new short[Math.multiplyExact(columns(), height(p))];
    }
    float[][] levels = levels(weights.grid().palette());
    short[][] halves = new short[levels.length][];
    for (int f = 0; f < levels.length; f++) {
      halves[f] = new short[levels[f].length];
      for (int code = 0; code < levels[f].length; code++) {
        halves[f][code] = Float.floatToFloat16(levels[f][code]);
      }
    }
    read(
        weights,
        (panel, row, column, code, selection) ->
            panels[panel][column * height(panel) + row] = halves[selection][code]);
  }

  @Override
  float unit() {
    return 1;
  }

  @Override
  void add(int panel, int from, int to, float[] x, int xFrom, float[] sums, float[][] tables) {
    short[] halves = panels[panel];
    int height = height(panel);
    int whole = wholeGroups(from, to);
    int column = from;
    for (; column < whole; column += CodeLanes.GROUP) {
      CodeLanes.add4(height, x, xFrom + column, halves, column * height, height, sums);
    }
    for (; column < to; column++) {
      CodeLanes.add(height, x[xFrom + column], halves, column * height, sums);
    }
  }

  @Override
  void widen(int panel, int column, float[] target) {
    int height = height(panel);
    CodeLanes.widen(height, panels[panel], column * height, target);
  }
}
