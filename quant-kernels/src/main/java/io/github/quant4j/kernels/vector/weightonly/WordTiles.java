// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.kernels.vector.machine.PackedMemory;
import io.github.quant4j.parallel.WorkerTeam;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Codes with rows in lanes: tile after tile of {@link #ROWS} rows, in a tile word after word of the
 * rows' code streams, and of each word the {@code ROWS} lanes.
 *
 * <p>A word holds {@code 32 / bits} consecutive codes of a row, the first one in its lowest bits.
 * Rows and codes beyond the matrix are code 0.
 */
final class WordTiles {
  /** Rows of a tile: four vectors, whose sums are independent of each other. */
  static final int ROWS = 4 * Lanes.FLOATS;

  private final MemorySegment data;
  private final int tiles;
  private final int words;
  private final int bits;

  /** Writes the codes of a row to the beginning of an array; may be called by several threads. */
  @FunctionalInterface
  interface CodeSource {
    void unpackRow(int row, byte[] target);
  }

  private WordTiles(MemorySegment data, int tiles, int words, int bits) {
    this.data = data;
    this.tiles = tiles;
    this.words = words;
    this.bits = bits;
  }

  /**
   * Packs codes.
   *
   * @param rows rows of the matrix
   * @param columns codes of a row
   * @param bits width of a packed code: 1, 2, 4 or 8, at least that of the codes
   * @param recode what a code becomes, one entry for each code
   * @param source the codes, row by row
   * @param team threads
   */
  static WordTiles pack(
      int rows, int columns, int bits, byte[] recode, CodeSource source, WorkerTeam team) {
    MemorySegment data = PackedMemory.allocate(byteSize(rows, columns, bits));
    WordTiles packed = view(data, rows, columns, bits);
    team.run(packed.tiles, tile -> packed.packTile(rows, columns, source, recode, tile));
    return packed;
  }

  /** Codes that were packed before, in {@link #byteSize} bytes. */
  static WordTiles view(MemorySegment data, int rows, int columns, int bits) {
    return new WordTiles(data, Math.ceilDiv(rows, ROWS), words(columns, bits), bits);
  }

  /** Words of a row of {@code columns} codes of {@code bits} bits. */
  static int words(int columns, int bits) {
    return Math.ceilDiv(columns, Integer.SIZE / bits);
  }

  /** The size of packed codes, in bytes, a multiple of 64. */
  static long byteSize(int rows, int columns, int bits) {
    long words = (long) Math.ceilDiv(rows, ROWS) * words(columns, bits);
    return Math.multiplyExact(words, ROWS * (long) Integer.BYTES);
  }

  private void packTile(int rows, int columns, CodeSource source, byte[] recode, int tile) {
    int perWord = Integer.SIZE / bits;
    byte[] row = new byte[words * perWord];
    int to = Math.min(rows, (tile + 1) * ROWS);
    // Element by element outside the heap is slow until it is compiled.
    int[] packed = new int[words * ROWS];
    for (int r = tile * ROWS; r < to; r++) {
      source.unpackRow(r, row);
      Arrays.fill(row, columns, row.length, (byte) 0);
      for (int i = 0; i < columns; i++) {
        row[i] = recode[row[i] & 0xff];
      }
      for (int w = 0; w < words; w++) {
        int word = 0;
        for (int i = 0; i < perWord; i++) {
          word |= (row[w * perWord + i] & 0xff) << i * bits;
        }
        packed[w * ROWS + r % ROWS] = word;
      }
    }
    MemorySegment.copy(packed, 0, data, PackedMemory.INT, offset(tile, 0), packed.length);
  }

  /** Where a word of a tile begins, in bytes. */
  long offset(int tile, int word) {
    return ((long) tile * words + word) * ROWS * Integer.BYTES;
  }

  MemorySegment data() {
    return data;
  }

  int tiles() {
    return tiles;
  }

  /** Words of a row. */
  int words() {
    return words;
  }

  /** Codes of a word. */
  int codesInWord() {
    return Integer.SIZE / bits;
  }
}
