// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.lang.foreign.ValueLayout;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Two-level scales: each tile has a multiple from 1 to 127, stored in one byte, of a binary32 scale
 * of its row (part {@code row}).
 *
 * <p>A whole row can then be multiplied in integers, because the tile's multiple is a factor inside
 * the sum and only the row's scale is outside (DGQ, Zhang et al., arXiv 2310.04836). The row scale
 * is the largest scale of the row by 127, cut to 17 significant bits, so that its product with a
 * multiple is exact in binary32. The absolute error of a scale is at most half a row scale, except
 * for scales below that, which become one row scale.
 */
public record RowMultipleScaleCodec() implements ScaleCodec {
  /** The largest multiple. */
  public static final int LARGEST_MULTIPLE = 127;

  private static final String ROW_PART = "row";
  private static final int UNUSED_MANTISSA_BITS = 7;

  @Override
  public String label() {
    return "i8row";
  }

  @Override
  public boolean isIndependent() {
    return false;
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    double[] largest = new double[layout.scaleRows()];
    for (int i = 0; i < typical.length; i++) {
      int row = i / layout.scaleColumns();
      largest[row] = Math.max(largest[row], typical[i]);
    }
    float[] rows = new float[largest.length];
    for (int row = 0; row < rows.length; row++) {
      rows[row] = largest[row] == 0 ? 1f : shortened((float) (largest[row] / LARGEST_MULTIPLE));
    }
    return new RowFrame(this, layout, rows);
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    return new RowFrame(this, layout, rowScales(stored));
  }

  /** Row scales that are settled. */
  private record RowFrame(RowMultipleScaleCodec codec, ScaleLayout layout, float[] rows)
      implements ScaleFrame {

    private int multiple(int tile, double scale) {
      double multiple = Math.rint(scale / rows[tile / layout.scaleColumns()]);
      return (int) Math.clamp(multiple, 1, LARGEST_MULTIPLE);
    }

    @Override
    public float round(int tile, double wanted) {
      return multiple(tile, wanted) * rows[tile / layout.scaleColumns()];
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, layout);
      byte[] multiples = new byte[scales.length];
      for (int i = 0; i < scales.length; i++) {
        multiples[i] = (byte) multiple(i, scales[i]);
      }
      SequencedMap<String, Tensor> parts =
          StoredParts.of("", Tensor.ofBytes(DType.I8, StoredParts.shape(layout), multiples));
      parts.put(ROW_PART, Tensor.ofFloats(Shape.of(rows.length), rows));
      return codec.decode(parts, layout);
    }
  }

  /** Rounded towards zero, so that 127 times the result does not overflow. */
  private static float shortened(float value) {
    int bits = Float.floatToIntBits(Math.max(value, Float.MIN_NORMAL));
    return Float.intBitsToFloat(bits >> UNUSED_MANTISSA_BITS << UNUSED_MANTISSA_BITS);
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    Tensor tiles = StoredParts.require(parts, "", layout.count(), DType.I8);
    Tensor row = StoredParts.require(parts, ROW_PART, layout.scaleRows(), DType.F32);
    float[] rows = row.toFloatArray();
    float[] values = tiles.toFloatArray();
    for (int i = 0; i < values.length; i++) {
      values[i] *= rows[i / layout.scaleColumns()];
    }
    SequencedMap<String, Tensor> stored = StoredParts.of("", tiles);
    stored.put(ROW_PART, row);
    return new GroupParameters(values, stored);
  }

  /**
   * The multiples behind scales of this codec.
   *
   * @param scales what {@link #encode} or {@link #decode} gave
   * @return one for each tile, in the order of the scales
   * @throws IllegalArgumentException if the scales are of another codec
   */
  public static int[] multiples(GroupParameters scales) {
    requireOwn(scales);
    int[] multiples = new int[scales.values().length];
    Tensor tiles = StoredParts.require(scales.parts(), "", multiples.length, DType.I8);
    for (int i = 0; i < multiples.length; i++) {
      multiples[i] = tiles.data().get(ValueLayout.JAVA_BYTE, i);
    }
    return multiples;
  }

  /**
   * The row scales behind scales of this codec.
   *
   * @param scales what {@link #encode} or {@link #decode} gave
   * @return one for each row of tiles
   * @throws IllegalArgumentException if the scales are of another codec
   */
  public static float[] rowScales(GroupParameters scales) {
    return requireOwn(scales).toFloatArray();
  }

  private static Tensor requireOwn(GroupParameters scales) {
    Tensor row = scales.parts().get(ROW_PART);
    if (row == null) {
      throw new IllegalArgumentException(
          "scales: parts " + scales.parts().keySet() + ", expected one named '" + ROW_PART + "'");
    }
    return row;
  }
}
