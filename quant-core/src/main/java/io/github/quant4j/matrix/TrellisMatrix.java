// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A matrix of trellis-coded weights with a binary16 scale for each row: weight {@code (r, c)} is
 * {@code scale_r value(state_rc)}, see {@link TrellisCode}.
 *
 * <p><strong>Layout.</strong> Rows form panels of 128; the last panel has its rows rounded up to a
 * multiple of 32, its <em>lanes</em>, of which those beyond the matrix have codes that nobody
 * multiplies. Columns form words of 16; those beyond the matrix have code 0. Bit {@code b} of all
 * codes is plane {@code b}. A plane of a panel consists of 16-bit words, least significant byte
 * first, in the order {@code [word][lane]}: bit {@code c % 16} of word {@code c / 16} and lane
 * {@code r % 128} is bit {@code b} of the code of {@code (r, c)}. The order of everything is {@code
 * [panel][plane][word][lane]}.
 *
 * <p><strong>Sequences.</strong> The columns of a panel whose numbers are equal modulo 16 are one
 * sequence: all lanes of the first, then all lanes of the next, and so on. So the codes that a
 * state depends on lie a few words before its own, at the same bit.
 *
 * <p>Immutable and thread-safe.
 */
public final class TrellisMatrix {
  /** The rows of a panel. */
  public static final int PANEL_ROWS = 128;

  /** What the lanes of the last panel are a multiple of. */
  public static final int LANE_UNIT = 32;

  /** The columns of a word. */
  public static final int WORD_COLUMNS = 16;

  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final int rows;
  private final int columns;
  private final TrellisCode code;
  private final MemorySegment planes;
  private final float[] scales;

  private TrellisMatrix(
      int rows, int columns, TrellisCode code, MemorySegment planes, float[] scales) {
    long bytes = planeBytes(rows, columns, code.bits());
    if (planes.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "planes: "
              + planes.byteSize()
              + " bytes, expected "
              + bytes
              + " for ["
              + rows
              + ", "
              + columns
              + "] at "
              + code.bits()
              + " bits");
    }
    if (scales.length != rows) {
      throw new IllegalArgumentException(
          "scales: " + scales.length + ", expected one for each of " + rows + " rows");
    }
    for (float scale : scales) {
      if (!Float.isFinite(scale) || FloatStorage.round(scale, DType.F16) != scale) {
        throw new IllegalArgumentException(
            "scale: " + scale + ", expected a finite number of binary16");
      }
    }
    this.rows = rows;
    this.columns = columns;
    this.code = code;
    this.planes = planes;
    this.scales = scales;
  }

  /**
   * Uses planes where they lie.
   *
   * @param rows outputs, at least 1
   * @param columns inputs, at least 1
   * @param code how weights follow from bits
   * @param planes the bits in the order that is described above; shared, not copied
   * @param scales one finite number of binary16 for each row; copied
   * @return the matrix
   * @throws IllegalArgumentException if a size does not fit, or a scale is out of range
   */
  public static TrellisMatrix wrap(
      int rows, int columns, TrellisCode code, MemorySegment planes, float[] scales) {
    return new TrellisMatrix(rows, columns, code, planes, scales.clone());
  }

  /**
   * Packs codes onto the heap.
   *
   * @param rows outputs, at least 1
   * @param columns inputs, at least 1
   * @param code how weights follow from bits
   * @param codes one code in a byte, row-major {@code [paddedRows(rows), columns]}; only the lowest
   *     bits count
   * @param scales one finite number of binary16 for each row; copied
   * @return the matrix
   * @throws IllegalArgumentException if a size does not fit, the bits exceed an array, or a scale
   *     is out of range
   */
  public static TrellisMatrix pack(
      int rows, int columns, TrellisCode code, byte[] codes, float[] scales) {
    long bytes = planeBytes(rows, columns, code.bits());
    if (codes.length != (long) paddedRows(rows) * columns || bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "codes: "
              + codes.length
              + ", expected "
              + (long) paddedRows(rows) * columns
              + " for ["
              + rows
              + ", "
              + columns
              + "], and planes that fit a Java array");
    }
    MemorySegment planes = MemorySegment.ofArray(new byte[(int) bytes]);
    TrellisMatrix matrix = new TrellisMatrix(rows, columns, code, planes, scales.clone());
    for (int panel = 0; panel < matrix.panels(); panel++) {
      for (int word = 0; word < matrix.words(); word++) {
        for (int lane = 0; lane < matrix.lanes(panel); lane++) {
          matrix.packWord(codes, panel, word, lane);
        }
      }
    }
    return matrix;
  }

  private void packWord(byte[] codes, int panel, int word, int lane) {
    int first = word * WORD_COLUMNS;
    int count = Math.min(WORD_COLUMNS, columns - first);
    int at = (panel * PANEL_ROWS + lane) * columns + first;
    for (int plane = 0; plane < code.bits(); plane++) {
      int bits = 0;
      for (int i = 0; i < count; i++) {
        bits |= (codes[at + i] >> plane & 1) << i;
      }
      planes.set(SHORT, offset(panel, plane, word, lane), (short) bits);
    }
  }

  /**
   * The rows with those that only fill the last panel.
   *
   * @param rows of a matrix
   * @return the next multiple of {@link #LANE_UNIT}
   */
  public static int paddedRows(int rows) {
    return Math.ceilDiv(rows, LANE_UNIT) * LANE_UNIT;
  }

  /**
   * The size of the planes of a matrix.
   *
   * @param rows outputs
   * @param columns inputs
   * @param bits of a code
   * @return bytes
   * @throws IllegalArgumentException if there are no rows or no columns
   */
  public static long planeBytes(int rows, int columns, int bits) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "[" + rows + ", " + columns + "]: sizes must be at least 1");
    }
    return (long) paddedRows(rows) * Math.ceilDiv(columns, WORD_COLUMNS) * bits * Short.BYTES;
  }

  /**
   * The outputs.
   *
   * @return at least 1
   */
  public int rows() {
    return rows;
  }

  /**
   * The inputs.
   *
   * @return at least 1
   */
  public int columns() {
    return columns;
  }

  /**
   * How weights follow from bits.
   *
   * @return the code
   */
  public TrellisCode code() {
    return code;
  }

  /**
   * The bits.
   *
   * @return the live segment
   */
  public MemorySegment planes() {
    return planes;
  }

  /**
   * The scales.
   *
   * @return a copy, one for each row
   */
  public float[] scales() {
    return scales.clone();
  }

  /**
   * The panels.
   *
   * @return the rows divided by {@link #PANEL_ROWS}, rounded up
   */
  public int panels() {
    return Math.ceilDiv(rows, PANEL_ROWS);
  }

  /**
   * The lanes of a panel.
   *
   * @param panel from 0
   * @return {@link #PANEL_ROWS}, or fewer for the last one; a multiple of {@link #LANE_UNIT}
   */
  public int lanes(int panel) {
    return Math.min(PANEL_ROWS, paddedRows(rows) - panel * PANEL_ROWS);
  }

  /**
   * The words of a lane.
   *
   * @return the columns divided by {@link #WORD_COLUMNS}, rounded up
   */
  public int words() {
    return Math.ceilDiv(columns, WORD_COLUMNS);
  }

  /**
   * Where a word lies.
   *
   * @param panel from 0
   * @param plane from 0, below the bits of a code
   * @param word from 0
   * @param lane from 0
   * @return bytes from the start of the planes
   */
  public long offset(int panel, int plane, int word, int lane) {
    long lanes = lanes(panel);
    long before = (long) panel * PANEL_ROWS * words() * code.bits();
    return (before + (plane * (long) words() + word) * lanes + lane) * Short.BYTES;
  }

  /**
   * One code.
   *
   * @param row from 0, below {@link #paddedRows}
   * @param column from 0
   * @return the code
   * @throws IndexOutOfBoundsException if the position lies outside the matrix
   */
  public int codeAt(int row, int column) {
    Objects.checkIndex(row, paddedRows(rows));
    Objects.checkIndex(column, columns);
    int value = 0;
    for (int plane = 0; plane < code.bits(); plane++) {
      long at = offset(row / PANEL_ROWS, plane, column / WORD_COLUMNS, row % PANEL_ROWS);
      value |= (planes.get(SHORT, at) >> column % WORD_COLUMNS & 1) << plane;
    }
    return value;
  }

  /**
   * The values of a row, without its scale.
   *
   * <p>Cost: for each word of 16 columns an exclusive or for each bit of the masks.
   *
   * @param row from 0
   * @param target receives {@code columns()} integers
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public void decodeIntegers(int row, byte[] target, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(offset, columns, target.length);
    int largest = code.largestMagnitude();
    for (int word = 0; word < words(); word++) {
      int first = word * WORD_COLUMNS;
      int count = Math.min(WORD_COLUMNS, columns - first);
      for (int i = 0; i < count; i++) {
        target[offset + first + i] = (byte) largest;
      }
      for (TrellisCode.Plane plane : code.planes()) {
        int odd = parities(plane.mask(), row / PANEL_ROWS, word, row % PANEL_ROWS);
        int step = 2 * plane.magnitude();
        for (int i = 0; i < count; i++) {
          target[offset + first + i] -= (byte) (step * (odd >> i & 1));
        }
      }
    }
  }

  /** The parities of the masked states of 16 columns, one in each bit. */
  private int parities(int mask, int panel, int word, int lane) {
    int odd = 0;
    int lanes = lanes(panel);
    for (int left = mask; left != 0; left &= left - 1) {
      int bit = Integer.numberOfTrailingZeros(left);
      int source = lane - bit / code.bits();
      int sourceWord = source < 0 ? word - 1 : word;
      if (sourceWord >= 0) {
        int sourceLane = source < 0 ? source + lanes : source;
        odd ^= planes.get(SHORT, offset(panel, bit % code.bits(), sourceWord, sourceLane));
      }
    }
    return odd;
  }

  /**
   * Decodes a row.
   *
   * @param row from 0
   * @param target receives {@code columns()} weights, each the product of scale and value, rounded
   *     to float
   * @param offset position of the first one
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public void decodeRow(int row, float[] target, int offset) {
    Objects.checkFromIndexSize(offset, columns, target.length);
    byte[] values = new byte[columns];
    decodeIntegers(row, values, 0);
    for (int i = 0; i < columns; i++) {
      target[offset + i] = scales[row] * values[i];
    }
  }

  /**
   * The size of everything that is stored.
   *
   * @return bits of the planes, with what fills panels and words, and of the scales
   */
  public long storageBits() {
    return storageBits(rows, columns, code.bits());
  }

  /**
   * The size of a matrix.
   *
   * @param rows outputs
   * @param columns inputs
   * @param bits of a code
   * @return bits of the planes, with what fills panels and words, and of the scales
   * @throws IllegalArgumentException if there are no rows or no columns
   */
  public static long storageBits(int rows, int columns, int bits) {
    return planeBytes(rows, columns, bits) * Byte.SIZE + (long) rows * Short.SIZE;
  }

  /** The code and the shape. */
  @Override
  public String toString() {
    return code + " [" + rows + ", " + columns + "]";
  }
}
