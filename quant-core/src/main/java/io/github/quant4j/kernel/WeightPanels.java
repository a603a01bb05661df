// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.lane.CodeLanes;
import io.github.quant4j.lane.Lanes;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.util.Arrays;
import java.util.Optional;

/**
 * The levels of a quantized matrix, before scales, in a form that loops over rows read in vectors:
 * panels of some rows, in which the codes of a column lie together.
 *
 * <p>Which form a matrix gets depends on the levels of its formats:
 *
 * <table>
 * <caption>Forms and their bits per weight</caption>
 * <tr><td>levels are a power of two times an integer of 8 bits</td><td>8</td></tr>
 * <tr><td>others in one format of up to 4 bits</td><td>4</td></tr>
 * <tr><td>others that binary16 has</td><td>16</td></tr>
 * <tr><td>others in one format of up to 8 bits</td><td>8</td></tr>
 * </table>
 *
 * <p>Integers, ternary, FP4 and FP6 E2M3 are of the first kind, NF4 is of the second, FP8 and
 * learned code books of each row are of the third.
 */
abstract sealed class WeightPanels permits BytePanels, HalfPanels, TablePanels {
  /**
   * Rows of a panel: with fewer, loops are too short for their prologues; with more, there are too
   * few parts for several threads.
   */
  static final int ROWS = 256;

  /** From this many tokens on it pays to write columns as floats before they are multiplied. */
  private static final int TOKENS_FOR_WIDENING = 4;

  private final int rows;
  private final int columns;

  WeightPanels(int rows, int columns) {
    this.rows = rows;
    this.columns = columns;
  }

  /** Copies the codes; empty if the formats differ from tile to tile and are of no common form. */
  static Optional<WeightPanels> of(QuantizedMatrix weights) {
    FormatPalette palette = weights.grid().palette();
    Optional<BytePanels> bytes = BytePanels.ofNumbers(weights);
    if (bytes.isPresent()) {
      return Optional.of(bytes.get());
    }
    if (palette.isUniform() && palette.bits() <= TablePanels.PAIR_BITS) {
      return Optional.of(new TablePanels(weights, 2));
    }
    if (areHalves(palette)) {
      return Optional.of(new HalfPanels(weights));
    }
    return palette.isUniform() ? Optional.of(new TablePanels(weights, 1)) : Optional.empty();
  }

  private static boolean areHalves(FormatPalette palette) {
    for (NumberFormat format : palette.formats()) {
      for (float level : format.decodeTable()) {
        float half = Float.float16ToFloat(Float.floatToFloat16(level));
        if (Float.isFinite(level) ? half != level : Float.compare(half, level) != 0) {
          return false;
        }
      }
    }
    return true;
  }

  final int rows() {
    return rows;
  }

  final int columns() {
    return columns;
  }

  final int count() {
    return Math.ceilDiv(rows, ROWS);
  }

  /** Rows of a panel; the last one may have fewer than the others. */
  final int height(int panel) {
    return Math.min(ROWS, rows - panel * ROWS);
  }

  /** What the stored numbers are multiplied by, a power of two. */
  abstract float unit();

  /** Adds some columns, each times its input: {@code sums[row] += x[xFrom + column] * number}. */
  abstract void add(
      int panel, int from, int to, float[] x, int xFrom, float[] sums, float[][] tables);

  /** Writes the numbers of a column. */
  abstract void widen(int panel, int column, float[] target);

  /**
   * The sums of some columns for some tokens, in float: exact if all of them are integers that add
   * up to less than 2^24 in magnitude.
   *
   * @param tokens the tokens, at most {@link PanelWorkspace#TOKENS}
   * @param x the inputs
   * @param xFrom position of the first token's input to column 0
   */
  final void sum(
      int panel, int from, int to, int tokens, float[] x, int xFrom, PanelWorkspace work) {
    int height = height(panel);
    for (int t = 0; t < tokens; t++) {
      Arrays.fill(work.sums[t], 0, height, 0f);
    }
    if (tokens < TOKENS_FOR_WIDENING) {
      for (int t = 0; t < tokens; t++) {
        add(panel, from, to, x, xFrom + t * columns, work.sums[t], work.tables);
      }
      return;
    }
    for (int column = from; column < to; column += Lanes.GROUP) {
      int depth = Math.min(Lanes.GROUP, to - column);
      for (int q = 0; q < depth; q++) {
        widen(panel, column + q, work.columns[q]);
      }
      for (int q = depth; q < Lanes.GROUP; q++) {
        Arrays.fill(work.columns[q], 0f);
        work.factors[q] = 0;
      }
      for (int t = 0; t < tokens; t++) {
        System.arraycopy(x, xFrom + t * columns + column, work.factors, 0, depth);
        Lanes.add4(height, work.factors, 0, work.columns, 0, work.sums[t]);
      }
    }
  }

  /** How codes are spread over the panels of a matrix. */
  interface Sink {
    void put(int panel, int row, int column, int code, int selection);
  }

  /** Goes through all codes. */
  static void read(QuantizedMatrix weights, Sink sink) {
    FormatPalette palette = weights.grid().palette();
    int columns = weights.columns();
    int width = weights.grid().layout().blockColumns();
    byte[] codes = new byte[columns];
    for (int r = 0; r < weights.rows(); r++) {
      weights.codes().unpackRow(r, codes, 0);
      int from = 0;
      while (from < columns) {
        int to = (int) Math.min(columns, (long) from + width);
        int selection = palette.selection(weights.grid().layout().index(r, from));
        for (int c = from; c < to; c++) {
          sink.put(r / ROWS, r % ROWS, c, codes[c] & 0xff, selection);
        }
        from = to;
      }
    }
  }

  /** The numbers of each format in some unit. */
  static float[][] levels(FormatPalette palette) {
    return palette.formats().stream().map(NumberFormat::decodeTable).toArray(float[][]::new);
  }

  /** Whole groups of columns, of which the loops take several at once. */
  static int wholeGroups(int from, int to) {
    return from + (to - from) / CodeLanes.GROUP * CodeLanes.GROUP;
  }
}
