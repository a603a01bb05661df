// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The number formats of a matrix: one for all tiles, or several of the same width with a choice for
 * each tile (per-row code books, per-group format selection).
 *
 * <p>Fitted code books are data and count as storage; formats known by name do not.
 */
public final class FormatPalette {
  private final List<NumberFormat> formats;
  private final short[] selector;
  private final boolean fitted;

  /** Filled as they are asked for; whoever comes second overwrites a table with its equal. */
  private final AtomicReferenceArray<LevelTable> tables;

  private FormatPalette(List<NumberFormat> formats, short[] selector, boolean fitted) {
    if (formats.isEmpty()) {
      throw new IllegalArgumentException("formats: none, expected at least one");
    }
    int bits = formats.getFirst().bits();
    for (NumberFormat format : formats) {
      if (format.bits() != bits) {
        throw new IllegalArgumentException(
            "formats: "
                + format
                + " has "
                + format.bits()
                + " bits and "
                + formats.getFirst()
                + " has "
                + bits
                + ", expected one width");
      }
    }
    this.formats = List.copyOf(formats);
    this.selector = selector;
    this.fitted = fitted;
    this.tables = new AtomicReferenceArray<>(formats.size());
  }

  /**
   * One format for the whole matrix.
   *
   * @param format the format
   * @return the palette
   */
  public static FormatPalette uniform(NumberFormat format) {
    return new FormatPalette(List.of(format), new short[0], false);
  }

  /**
   * A format for each tile, chosen from several known ones.
   *
   * @param formats the formats, at most 256, all of one width
   * @param selector for each tile of the layout an index into {@code formats}
   * @return the palette
   * @throws IllegalArgumentException if the widths differ or an index is out of range
   */
  public static FormatPalette selected(List<NumberFormat> formats, short[] selector) {
    for (int i = 0; i < selector.length; i++) {
      if (selector[i] < 0 || selector[i] >= formats.size()) {
        throw new IllegalArgumentException(
            "selector: entry "
                + i
                + " is "
                + selector[i]
                + ", expected 0 to "
                + (formats.size() - 1));
      }
    }
    return new FormatPalette(formats, selector.clone(), false);
  }

  /**
   * A fitted code book for each tile.
   *
   * @param codebooks one for each tile of the layout, in its order, all of one width
   * @return the palette
   * @throws IllegalArgumentException if the widths differ
   */
  public static FormatPalette fitted(List<NumberFormat> codebooks) {
    return new FormatPalette(codebooks, new short[0], true);
  }

  /**
   * Whether all tiles have the same format.
   *
   * @return true if there is just one
   */
  public boolean isUniform() {
    return formats.size() == 1;
  }

  /**
   * Whether the formats were fitted to the matrix.
   *
   * @return true for code books that are stored with it
   */
  public boolean isFitted() {
    return fitted;
  }

  /**
   * The formats.
   *
   * @return at least one
   */
  public List<NumberFormat> formats() {
    return formats;
  }

  /**
   * The format of a tile.
   *
   * @param tile index in the layout
   * @return its format
   * @throws IndexOutOfBoundsException if there is no such tile
   */
  public NumberFormat format(int tile) {
    if (formats.size() == 1) {
      return formats.getFirst();
    }
    return formats.get(selector.length == 0 ? tile : selector[tile]);
  }

  /**
   * The levels of a tile's format with the thresholds between them.
   *
   * @param tile index in the layout
   * @return a shared table
   * @throws IndexOutOfBoundsException if there is no such tile
   */
  public LevelTable levelTable(int tile) {
    int index = selection(tile);
    LevelTable table = tables.get(index);
    if (table == null) {
      table = LevelTable.of(formats.get(index));
      tables.set(index, table);
    }
    return table;
  }

  /**
   * Which format a tile has.
   *
   * @param tile index in the layout
   * @return an index into {@link #formats()}
   */
  public int selection(int tile) {
    if (formats.size() == 1) {
      return 0;
    }
    return selector.length == 0 ? Objects.checkIndex(tile, formats.size()) : selector[tile];
  }

  /**
   * The bits of one code.
   *
   * @return 1 to 8
   */
  public int bits() {
    return formats.getFirst().bits();
  }

  /**
   * The type in which levels of fitted code books are stored: the stored levels are exact.
   *
   * @return F16 if binary16 holds every level, BF16 if only bfloat16 does, F32 otherwise
   */
  public DType levelType() {
    boolean half = true;
    boolean brain = true;
    for (NumberFormat format : formats) {
      for (float level : format.levels()) {
        half &= HalfPrecision.fromFloat16(HalfPrecision.toFloat16(level)) == level;
        brain &= HalfPrecision.fromBfloat16(HalfPrecision.toBfloat16(level)) == level;
      }
    }
    return half ? DType.F16 : brain ? DType.BF16 : DType.F32;
  }

  /**
   * What it takes to store the choice: {@link #levelType()} for each level of fitted code books,
   * all of them taken for as long as the longest, or the bits of an index for each tile.
   *
   * @return bits
   */
  public long storageBits() {
    if (fitted) {
      int longest = 0;
      for (NumberFormat format : formats) {
        longest = Math.max(longest, format.levels().length);
      }
      return (long) levelType().bits() * longest * formats.size();
    }
    int indexBits = 32 - Integer.numberOfLeadingZeros(formats.size() - 1);
    return (long) selector.length * indexBits;
  }
}
