// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.lane.CodeLanes;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.util.Optional;

/**
 * Levels that are a power of two times integers of 8 bits.
 *
 * <p>Codes that stand for something else, such as those that a ternary format does not use, may be
 * in a format but not in the matrix.
 */
final class BytePanels extends WeightPanels {
  private static final int SMALLEST_EXPONENT = -7;

  private final float unit;
  private final byte[][] panels;
  private boolean complete = true;

  /** Made by {@link #ofNumbers}, which first sees whether all codes have numbers. */
  private BytePanels(QuantizedMatrix weights, float unit) {
    super(weights.rows(), weights.columns());
    this.unit = unit;
    this.panels = new byte[count()][];
    for (int p = 0; p < panels.length; p++) {
      panels[p] = new byte[Math.multiplyExact(columns(), height(p))];
    }
    float[][] levels = levels(weights.grid().palette());
    read(
        weights,
        (panel, row, column, code, selection) -> {
          float number = levels[selection][code] / unit;
          panels[panel][column * height(panel) + row] = (byte) number;
          complete &= number == (byte) number;
        });
  }

  /** The panels, or empty if a level is no such number. */
  static Optional<BytePanels> ofNumbers(QuantizedMatrix weights) {
    float unit = unit(weights.grid().palette());
    if (unit == 0) {
      return Optional.empty();
    }
    BytePanels panels = new BytePanels(weights, unit);
    return panels.complete ? Optional.of(panels) : Optional.empty();
  }

  /**
   * The largest unit, at most 1, of which all levels are multiples that fit; 0 if there is none.
   */
  private static float unit(FormatPalette palette) {
    for (int exponent = 0; exponent >= SMALLEST_EXPONENT; exponent--) {
      float unit = Math.scalb(1f, exponent);
      if (palette.formats().stream().allMatch(format -> fits(format, unit))) {
        return unit;
      }
    }
    return 0;
  }

  private static boolean fits(NumberFormat format, float unit) {
    for (float level : format.levels()) {
      float number = level / unit;
      if (number != (byte) number) {
        return false;
      }
    }
    return true;
  }

  @Override
  float unit() {
    return unit;
  }

  @Override
  void add(int panel, int from, int to, float[] x, int xFrom, float[] sums, float[][] tables) {
    byte[] numbers = panels[panel];
    int height = height(panel);
    int whole = wholeGroups(from, to);
    int column = from;
    for (; column < whole; column += CodeLanes.GROUP) {
      CodeLanes.add4(height, x, xFrom + column, numbers, column * height, height, sums);
    }
    for (; column < to; column++) {
      CodeLanes.add(height, x[xFrom + column], numbers, column * height, sums);
    }
  }

  @Override
  void widen(int panel, int column, float[] target) {
    int height = height(panel);
    CodeLanes.widen(height, panels[panel], column * height, target);
  }
}
