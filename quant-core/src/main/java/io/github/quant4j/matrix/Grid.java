// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The values that each element of a matrix may take: formats, scales and zero points, without
 * codes.
 *
 * <p>Element {@code (row, column)} in tile {@code i} may be {@code scale[i] * (value(code) -
 * zero[i])}. This is all that a rounding algorithm needs to know, which is why every algorithm
 * works with every format. Instances are immutable in use; the arrays behind them must not be
 * changed.
 */
public final class Grid {
  private final QuantScheme scheme;
  private final ScaleLayout layout;
  private final FormatPalette palette;
  private final GroupParameters scales;
  private final @Nullable GroupParameters zeroPoints;
  private final float[] scaleValues;
  private final float @Nullable [] zeroValues;
  private final @Nullable IntegerFormat integer;
  private final NumberFormat first;

  /**
   * Puts a grid together.
   *
   * @param scheme the scheme that it follows
   * @param layout the tiles
   * @param palette the formats
   * @param scales one positive scale for each tile
   * @param zeroPoints one zero point for each tile, in units of the format's values, or null
   * @throws IllegalArgumentException if the number of scales, zero points or formats is not that of
   *     the tiles, a scale is not finite and positive, or a zero point is not finite
   */
  public Grid(
      QuantScheme scheme,
      ScaleLayout layout,
      FormatPalette palette,
      GroupParameters scales,
      @Nullable GroupParameters zeroPoints) {
    this.scheme = scheme;
    this.layout = layout;
    this.palette = palette;
    this.scales = scales;
    this.zeroPoints = zeroPoints;
    this.scaleValues = scales.values();
    this.zeroValues = zeroPoints == null ? null : zeroPoints.values();
    this.first = palette.formats().getFirst();
    this.integer = palette.isUniform() && first instanceof IntegerFormat format ? format : null;
    if (scaleValues.length != layout.count()) {
      throw new IllegalArgumentException(
          "scales: " + scaleValues.length + ", expected " + layout.count() + " for " + layout);
    }
    if (zeroValues != null && zeroValues.length != scaleValues.length) {
      throw new IllegalArgumentException(
          "zero points: " + zeroValues.length + ", expected " + scaleValues.length);
    }
    for (int i = 0; i < scaleValues.length; i++) {
      if (!(scaleValues[i] > 0) || scaleValues[i] == Float.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "scales: number " + i + " is " + scaleValues[i] + ", expected finite and positive");
      }
      if (zeroValues != null && !Float.isFinite(zeroValues[i])) {
        throw new IllegalArgumentException(
            "zero points: number " + i + " is " + zeroValues[i] + ", expected a finite value");
      }
    }
  }

  /**
   * The scheme.
   *
   * @return the scheme that the grid follows
   */
  public QuantScheme scheme() {
    return scheme;
  }

  /**
   * The tiles.
   *
   * @return the layout
   */
  public ScaleLayout layout() {
    return layout;
  }

  /**
   * The formats.
   *
   * @return the palette
   */
  public FormatPalette palette() {
    return palette;
  }

  /**
   * The scales.
   *
   * @return one for each tile
   */
  public GroupParameters scales() {
    return scales;
  }

  /**
   * The zero points, in units of the format's values: for integers the signed form.
   *
   * @return one for each tile, or empty for a symmetric grid
   */
  public Optional<GroupParameters> zeroPoints() {
    return Optional.ofNullable(zeroPoints);
  }

  /**
   * The scale of a tile.
   *
   * @param tile index in the layout
   * @return positive
   */
  public float scale(int tile) {
    return scaleValues[tile];
  }

  /**
   * The zero point of a tile.
   *
   * @param tile index in the layout
   * @return 0 for a symmetric grid
   */
  public float zeroPoint(int tile) {
    return zeroValues == null ? 0f : zeroValues[tile];
  }

  /**
   * The code whose value is nearest to a weight.
   *
   * @param row from 0, not checked
   * @param column from 0, not checked
   * @param weight a finite value
   * @return the code, unsigned
   */
  public int encode(int row, int column, float weight) {
    int tile = layout.index(row, column);
    float zero = zeroValues == null ? 0f : zeroValues[tile];
    float value = weight / scaleValues[tile] + zero;
    if (integer != null) {
      return integer.encode(value);
    }
    return palette.levelTable(tile).encode(value);
  }

  /**
   * Encodes a row; the codes are those of {@link #encode}.
   *
   * @param row from 0, not checked
   * @param weights as many finite values as the matrix has columns
   * @param from position of the first one
   * @param codes receives the codes, one in a byte
   * @param to position of the first one
   */
  public void encodeRow(int row, float[] weights, int from, byte[] codes, int to) {
    int columns = layout.columns();
    int width = layout.blockColumns();
    for (int start = 0; start < columns; start += width) {
      int tile = layout.index(row, start);
      int end = Math.min(columns, start + width);
      float scale = scaleValues[tile];
      float zero = zeroPoint(tile);
      if (integer != null) {
        for (int i = start; i < end; i++) {
          codes[to + i] = (byte) integer.encode(weights[from + i] / scale + zero);
        }
      } else {
        LevelTable table = palette.levelTable(tile);
        for (int i = start; i < end; i++) {
          codes[to + i] = (byte) table.encode(weights[from + i] / scale + zero);
        }
      }
    }
  }

  /**
   * The value of a code.
   *
   * @param row from 0, not checked
   * @param column from 0, not checked
   * @param code unsigned
   * @return the weight that it stands for
   */
  public float decode(int row, int column, int code) {
    int tile = layout.index(row, column);
    float zero = zeroValues == null ? 0f : zeroValues[tile];
    float value = integer != null ? code - integer.offset() : palette.format(tile).decode(code);
    return (value - zero) * scaleValues[tile];
  }

  /**
   * The grid value nearest to a weight.
   *
   * @param row from 0, not checked
   * @param column from 0, not checked
   * @param weight a finite value
   * @return the nearest value
   */
  public float nearest(int row, int column, float weight) {
    int tile = layout.index(row, column);
    float scale = scaleValues[tile];
    float zero = zeroValues == null ? 0f : zeroValues[tile];
    float value = weight / scale + zero;
    if (integer != null) {
      float offset = integer.offset();
      float rounded = Math.clamp((float) Math.rint(value), -offset, offset - 1);
      return (rounded - zero) * scale;
    }
    return (palette.levelTable(tile).nearest(value) - zero) * scale;
  }

  /**
   * The largest grid value that is not above a weight, or the smallest one if all are.
   *
   * @param row from 0, not checked
   * @param column from 0, not checked
   * @param weight a finite value
   * @return the lower neighbour
   */
  public float below(int row, int column, float weight) {
    int tile = layout.index(row, column);
    float zero = zeroPoint(tile);
    return (palette.format(tile).below(weight / scaleValues[tile] + zero) - zero)
        * scaleValues[tile];
  }

  /**
   * The smallest grid value that is not below a weight, or the largest one if all are.
   *
   * @param row from 0, not checked
   * @param column from 0, not checked
   * @param weight a finite value
   * @return the upper neighbour
   */
  public float above(int row, int column, float weight) {
    int tile = layout.index(row, column);
    float zero = zeroPoint(tile);
    return (palette.format(tile).above(weight / scaleValues[tile] + zero) - zero)
        * scaleValues[tile];
  }

  /**
   * The size of everything but the codes: scales, zero points and fitted code books.
   *
   * @return bits
   */
  public long storageBits() {
    return scales.storageBits()
        + (zeroPoints == null ? 0 : zeroPoints.storageBits())
        + palette.storageBits();
  }
}
