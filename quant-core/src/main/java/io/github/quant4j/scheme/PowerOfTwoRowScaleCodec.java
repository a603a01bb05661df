// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.scheme;

import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Map;
import java.util.SequencedMap;

/**
 * One half-precision scale for each row of tiles (part {@code row}), and for each tile a shift of 4
 * bits by which that scale is halved: {@code s = row / 2^shift} (ZeroQuant-FP, Wu et al., arXiv
 * 2307.09782, method M2). Tiles of a row then differ by an exponent alone.
 *
 * <p>The row's scale is its largest tile scale; scales below it by more than {@code 2^15} get
 * {@code row / 2^15}. The rules for scales between two powers are as follows.
 */
public enum PowerOfTwoRowScaleCodec implements ScaleCodec {
  /** To the next larger scale: nothing is cut off. */
  UP("po2row"),
  /**
   * To the next smaller scale, as the paper's formula has it with its upper brackets around the
   * logarithm of the ratio: the values of a tile beyond its range, up to a half of it, are cut off.
   */
  DOWN("po2rowfloor"),
  /** To the nearer scale on a logarithmic axis. */
  NEAREST("po2rownear");

  private static final String ROW_PART = "row";
  private static final int LARGEST_SHIFT = 15;

  /** Guards against a ratio that should be a power of two and misses it by rounding. */
  private static final double SLACK = 1e-6;

  private final String label;

  PowerOfTwoRowScaleCodec(String label) {
    this.label = label;
  }

  @Override
  public String label() {
    return label;
  }

  @Override
  public boolean isIndependent() {
    return false;
  }

  @Override
  public ScaleFrame frame(double[] typical, ScaleLayout layout, NumberFormat format) {
    StoredParts.requireScales(typical, layout);
    int width = layout.scaleColumns();
    double[] largest = new double[layout.scaleRows()];
    for (int i = 0; i < typical.length; i++) {
      largest[i / width] = Math.max(largest[i / width], typical[i]);
    }
    GroupParameters rows =
        FloatScaleCodec.FLOAT16.encode(largest, new ScaleLayout(largest.length, 1, 1, 1), format);
    return new RowFrame(layout, rows);
  }

  @Override
  public ScaleFrame frameOf(GroupParameters stored, ScaleLayout layout, NumberFormat format) {
    Tensor row =
        StoredParts.require(
            stored.parts(), ROW_PART, layout.scaleRows(), DType.F16, DType.BF16, DType.F32);
    return new RowFrame(layout, new GroupParameters(row.toFloatArray(), StoredParts.of("", row)));
  }

  /** Row scales that are settled. */
  private final class RowFrame implements ScaleFrame {
    private final ScaleLayout layout;
    private final GroupParameters rows;

    RowFrame(ScaleLayout layout, GroupParameters rows) {
      this.layout = layout;
      this.rows = rows;
    }

    private int shift(int tile, double wanted) {
      if (wanted == 0) {
        return LARGEST_SHIFT;
      }
      double row = rows.values()[tile / layout.scaleColumns()];
      double exponent = Math.log(row / wanted) / Math.log(2);
      double shift =
          switch (PowerOfTwoRowScaleCodec.this) {
            case DOWN -> Math.ceil(exponent - SLACK);
            case UP -> Math.floor(exponent + SLACK);
            case NEAREST -> Math.rint(exponent);
          };
      return (int) Math.clamp(shift, 0, LARGEST_SHIFT);
    }

    @Override
    public float round(int tile, double wanted) {
      return Math.scalb(rows.values()[tile / layout.scaleColumns()], -shift(tile, wanted));
    }

    @Override
    public GroupParameters encode(double[] scales) {
      StoredParts.requireScales(scales, layout);
      int[] shifts = new int[scales.length];
      for (int i = 0; i < scales.length; i++) {
        shifts[i] = shift(i, scales[i]);
      }
      SequencedMap<String, Tensor> parts = StoredParts.of("", BitStream.pack(shifts, 4));
      Tensor row = rows.parts().get("");
      if (row == null) {
        throw new IllegalStateException("row scales without a main part");
      }
      parts.put(ROW_PART, Tensor.of("", row.dtype(), Shape.of(layout.scaleRows()), row.data()));
      return decode(parts, layout);
    }
  }

  @Override
  public GroupParameters decode(Map<String, Tensor> parts, ScaleLayout layout) {
    Tensor shifts = BitStream.require(parts, "", layout.count(), 4);
    Tensor row =
        StoredParts.require(parts, ROW_PART, layout.scaleRows(), DType.F16, DType.BF16, DType.F32);
    float[] rows = row.toFloatArray();
    float[] values = new float[layout.count()];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.scalb(rows[i / layout.scaleColumns()], -BitStream.get(shifts, i, 4));
    }
    SequencedMap<String, Tensor> stored = StoredParts.of("", shifts);
    stored.put(ROW_PART, row);
    return new GroupParameters(values, stored);
  }
}
