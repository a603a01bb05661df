// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * Negative scales, which AutoRound chooses where the largest weight of a group is positive, so that
 * the code of largest magnitude, which is negative, stands for it.
 *
 * <p>Grids here have positive scales. {@code s (q - z)} is {@code |s| ((-q - 1) - (-z - 1))} for a
 * negative {@code s}, and {@code -q - 1} is the code with all bits inverted: always a value of the
 * format, and so is the zero point. The matrix becomes asymmetric; its weights are exactly the
 * same.
 */
final class NegativeScales {
  private NegativeScales() {}

  /** The same matrix with positive scales. */
  record Positive(PackedCodes codes, GroupParameters scales, GroupParameters zeroPoints) {}

  static boolean isAny(GroupParameters scales) {
    for (float scale : scales.values()) {
      if (scale < 0) {
        return true;
      }
    }
    return false;
  }

  /** Inverts the codes of tiles with negative scales. Costs a copy of all codes. */
  static Positive turned(
      PackedCodes codes,
      IntegerFormat format,
      ScaleLayout layout,
      GroupParameters scales,
      @Nullable GroupParameters zeroPoints) {
    float[] given = scales.values();
    float[] zeros = zeroPoints == null ? new float[given.length] : zeroPoints.values().clone();
    for (int i = 0; i < given.length; i++) {
      if (given[i] < 0) {
        zeros[i] = -zeros[i] - 1;
      }
    }
    return new Positive(
        inverted(codes, layout, given),
        positive(scales),
        ZeroPointCodec.encode(zeros, layout, format));
  }

  private static PackedCodes inverted(PackedCodes codes, ScaleLayout layout, float[] scales) {
    int columns = codes.columns();
    int mask = (1 << codes.bits()) - 1;
    byte[] unpacked = new byte[Math.multiplyExact(codes.rows(), columns)];
    for (int row = 0; row < codes.rows(); row++) {
      codes.unpackRow(row, unpacked, row * columns);
      for (int column = 0; column < columns; column++) {
        if (scales[layout.index(row, column)] < 0) {
          unpacked[row * columns + column] ^= (byte) mask;
        }
      }
    }
    return PackedCodes.pack(codes.rows(), columns, codes.bits(), Integer.BYTES, unpacked);
  }

  private static GroupParameters positive(GroupParameters scales) {
    Tensor stored = scales.parts().get("");
    if (stored == null) {
      throw new IllegalArgumentException("scales: parts " + scales.parts().keySet());
    }
    float[] values = scales.values().clone();
    short[] bits = new short[values.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = Math.abs(values[i]);
      bits[i] =
          stored.dtype() == DType.F16
              ? HalfPrecision.toFloat16(values[i])
              : HalfPrecision.toBfloat16(values[i]);
    }
    Shape shape = stored.shape();
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    parts.put(
        "",
        stored.dtype() == DType.F32
            ? Tensor.ofFloats(shape, values)
            : Tensor.ofShorts(stored.dtype(), shape, bits));
    return new GroupParameters(values, parts);
  }
}
