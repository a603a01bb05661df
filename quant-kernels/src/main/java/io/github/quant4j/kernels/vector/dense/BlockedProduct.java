// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * One call of a blocked matrix product, {@code C (+)= alpha A B}, after Goto and van de Geijn
 * (Anatomy of high-performance matrix multiplication, ACM TOMS 34, 2008).
 *
 * <p>Blocks of A and B are copied into panels that the {@link RegisterTile} reads with unit stride,
 * then tiles of C are computed from them. Both steps are cut into parts by shape alone, and blocks
 * of the inner dimension are added in ascending order, so results do not depend on the threads.
 * Scratch memory is at most {@code (ROWS + COLUMNS) DEPTH} floats, 3 MiB.
 *
 * <p>An instance holds the arguments while it runs and is used again.
 */
final class BlockedProduct implements WorkerTeam.PartTask {
  /** Length of a panel: 8 tokens of A are then 8 KiB, which stay in the first-level cache. */
  private static final int DEPTH = 256;

  /** Rows of A that are packed at once. */
  private static final int ROWS = 2048;

  /** Columns of B that are packed at once: 1 MiB. */
  private static final int COLUMNS = 1024;

  /** Rows of a part: their panel is 64 KiB and stays in the second-level cache. */
  private static final int PART_ROWS = 64;

  /** Columns of a part, a multiple of every tile width. */
  private static final int PART_COLUMNS = 256;

  private static final int WIDTH = RegisterTile.WIDTH;
  private static final float[] NONE = {};

  /** One matrix of the product: element {@code (i, j)} at {@code offset + i * row + j * column}. */
  private static final class Operand {
    private float[] data = NONE;
    private int offset;
    private int row;
    private int column;

    void set(float[] elements, int from, int rowStride, int columnStride) {
      data = elements;
      offset = from;
      row = rowStride;
      column = columnStride;
    }
  }

  private enum Phase {
    PACK_A,
    PACK_B,
    MULTIPLY
  }

  private final ScratchPool scratch;
  private final Operand a = new Operand();
  private final Operand b = new Operand();
  private float alpha;
  private float[] c = NONE;
  private int cOffset;
  private int ldc;
  private boolean accumulate;
  private boolean lowerOnly;

  // The block that is worked on.
  private Phase phase = Phase.PACK_A;
  private int row0;
  private int rowCount;
  private int column0;
  private int columnCount;
  private int depth0;
  private int depth;
  private float[] panelsA = NONE;
  private float[] panelsB = NONE;

  BlockedProduct(ScratchPool scratch) {
    this.scratch = scratch;
  }

  /** A by rows or, with exchanged strides, by columns. */
  BlockedProduct left(float[] data, int offset, int rowStride, int columnStride) {
    a.set(data, offset, rowStride, columnStride);
    return this;
  }

  BlockedProduct right(float[] data, int offset, int rowStride, int columnStride) {
    b.set(data, offset, rowStride, columnStride);
    return this;
  }

  /** Where the product goes; {@code lowerOnly} leaves out tiles above the diagonal. */
  BlockedProduct into(
      float[] data, int offset, int rowStride, float factor, boolean add, boolean lower) {
    c = data;
    cOffset = offset;
    ldc = rowStride;
    alpha = factor;
    accumulate = add;
    lowerOnly = lower;
    return this;
  }

  /** Lets go of the caller's arrays. */
  void clear() {
    a.set(NONE, 0, 0, 0);
    b.set(NONE, 0, 0, 0);
    c = NONE;
  }

  void run(int m, int n, int k, WorkerTeam team) {
    panelsA = scratch.floats(Math.min(m, ROWS) * Math.min(k, DEPTH));
    panelsB = scratch.floats(Math.min(ceil(n, WIDTH), COLUMNS) * Math.min(k, DEPTH));
    try {
      for (column0 = 0; column0 < n; column0 += COLUMNS) {
        columnCount = Math.min(COLUMNS, n - column0);
        for (depth0 = 0; depth0 < k; depth0 += DEPTH) {
          depth = Math.min(DEPTH, k - depth0);
          phase = Phase.PACK_B;
          team.run(Math.ceilDiv(columnCount, WIDTH), this);
          for (row0 = lowerOnly ? column0 : 0; row0 < m; row0 += ROWS) {
            rowCount = Math.min(ROWS, m - row0);
            phase = Phase.PACK_A;
            team.run(Math.ceilDiv(rowCount, PART_ROWS), this);
            phase = Phase.MULTIPLY;
            team.run(
                Math.ceilDiv(rowCount, PART_ROWS) * Math.ceilDiv(columnCount, PART_COLUMNS), this);
          }
        }
      }
    } finally {
      scratch.release(panelsB);
      scratch.release(panelsA);
      panelsA = NONE;
      panelsB = NONE;
    }
  }

  private static int ceil(int value, int unit) {
    return Math.ceilDiv(value, unit) * unit;
  }

  @Override
  public void run(int part) {
    switch (phase) {
      case PACK_A -> packRows(part * PART_ROWS, Math.min(rowCount, (part + 1) * PART_ROWS));
      case PACK_B -> packColumns(part * WIDTH);
      case MULTIPLY -> {
        int across = Math.ceilDiv(columnCount, PART_COLUMNS);
        int column = part % across * PART_COLUMNS;
        multiply(part / across * PART_ROWS, column, Math.min(columnCount, column + PART_COLUMNS));
      }
    }
  }

  /**
   * Tiles of {@code height} rows, each {@code [depth, height]}; tile {@code r} begins at r depth.
   */
  private void packRows(int from, int to) {
    for (int r = from; r < to; ) {
      int height = RegisterTile.height(to - r);
      int source = a.offset + (row0 + r) * a.row + depth0 * a.column;
      Panels.pack(
          a.data, source, a.row, a.column, height, height, depth, alpha, panelsA, r * depth);
      r += height;
    }
  }

  private void packColumns(int from) {
    int width = Math.min(WIDTH, columnCount - from);
    int source = b.offset + (column0 + from) * b.column + depth0 * b.row;
    Panels.pack(b.data, source, b.column, b.row, width, WIDTH, depth, 1f, panelsB, from * depth);
  }

  private void multiply(int fromRow, int fromColumn, int toColumn) {
    int toRow = Math.min(rowCount, fromRow + PART_ROWS);
    boolean add = accumulate || depth0 > 0;
    for (int j = fromColumn; j < toColumn; j += WIDTH) {
      int width = Math.min(WIDTH, columnCount - j);
      for (int r = fromRow; r < toRow; ) {
        int height = RegisterTile.height(toRow - r);
        if (!lowerOnly || row0 + r + height > column0 + j) {
          int target = cOffset + (row0 + r) * ldc + column0 + j;
          if (width == WIDTH) {
            RegisterTile.multiply(
                height, depth, panelsA, r * depth, panelsB, j * depth, c, target, ldc, add);
          } else {
            multiplyEdge(height, width, r, j, target, add);
          }
        }
        r += height;
      }
    }
  }

  /** A tile that overhangs the right edge goes through scratch memory. */
  private void multiplyEdge(int height, int width, int r, int j, int target, boolean add) {
    float[] tile = scratch.floats(height * WIDTH);
    RegisterTile.multiply(
        height, depth, panelsA, r * depth, panelsB, j * depth, tile, 0, WIDTH, false);
    for (int i = 0; i < height; i++) {
      int to = target + i * ldc;
      for (int w = 0; w < width; w++) {
        c[to + w] = add ? c[to + w] + tile[i * WIDTH + w] : tile[i * WIDTH + w];
      }
    }
    scratch.release(tile);
  }
}
