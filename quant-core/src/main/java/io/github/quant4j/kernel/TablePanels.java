// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.lane.CodeLanes;
import io.github.quant4j.matrix.QuantizedMatrix;

/**
 * Any levels of one format, as codes: one or two columns to the byte. For each byte column a table
 * has the products of the input with all levels, or the sums of two, so that a row takes one look
 * into a table that lies in the first-level cache.
 */
final class TablePanels extends WeightPanels {
  /** Codes of up to so many bits lie in pairs. */
  static final int PAIR_BITS = 4;

  /** Values of a table, one for each byte. */
  static final int TABLE = 256;

  private final int perByte;
  private final byte[][] panels;

  /** For each byte the level of the column in its low bits, and of the one in its high bits. */
  private final float[] low = new float[TABLE];

  private final float[] high = new float[TABLE];

  TablePanels(QuantizedMatrix weights, int perByte) {
    super(weights.rows(), weights.columns());
    this.perByte = perByte;
    int byteColumns = Math.ceilDiv(columns(), perByte);
    this.panels = new byte[count()][];
    for (int p = 0; p < panels.length; p++) {
      panels[p] = new byte[Math.multiplyExact(byteColumns, height(p))];
    }
    float[] levels = weights.grid().palette().formats().getFirst().decodeTable();
    int mask = perByte == 2 ? (1 << PAIR_BITS) - 1 : TABLE - 1;
    for (int i = 0; i < TABLE; i++) {
      low[i] = level(levels, i & mask);
      high[i] = level(levels, i >> PAIR_BITS);
    }
    read(
        weights,
        (panel, row, column, code, selection) ->
            panels[panel][column / perByte * height(panel) + row] |=
                (byte) (code << column % perByte * PAIR_BITS));
  }

  private static float level(float[] levels, int code) {
    return code < levels.length ? levels[code] : 0;
  }

  @Override
  float unit() {
    return 1;
  }

  @Override
  void add(int panel, int from, int to, float[] x, int xFrom, float[] sums, float[][] tables) {
    byte[] codes = panels[panel];
    int height = height(panel);
    int end = Math.ceilDiv(to, perByte);
    int first = from / perByte;
    int whole = wholeGroups(first, end);
    int column = first;
    for (; column < whole; column += CodeLanes.GROUP) {
      for (int q = 0; q < CodeLanes.GROUP; q++) {
        makeTable(column + q, from, to, x, xFrom, tables[q]);
      }
      CodeLanes.lookUp4(height, tables, codes, column * height, height, sums);
    }
    for (; column < end; column++) {
      makeTable(column, from, to, x, xFrom, tables[0]);
      CodeLanes.lookUp(height, tables[0], codes, column * height, sums);
    }
  }

  /** The products of a byte column, without those of columns outside of a range. */
  private void makeTable(int byteColumn, int from, int to, float[] x, int xFrom, float[] table) {
    int column = byteColumn * perByte;
    if (perByte == 1 || column + 1 == to) {
      CodeLanes.scaled(TABLE, x[xFrom + column], low, table);
    } else if (column < from) {
      CodeLanes.scaled(TABLE, x[xFrom + column + 1], high, table);
    } else {
      CodeLanes.combined(TABLE, x[xFrom + column], low, x[xFrom + column + 1], high, table);
    }
  }

  @Override
  void widen(int panel, int column, float[] target) {
    int height = height(panel);
    float[] levels = column % perByte == 0 ? low : high;
    CodeLanes.gather(height, levels, panels[panel], column / perByte * height, target);
  }
}
