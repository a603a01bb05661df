// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.scheme.ZeroPointCodec;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** Codes with scales and zero points that are given as numbers. */
public final class AffineMatrix {
  private AffineMatrix() {}

  /**
   * Puts a matrix of integers together. Scales may have any sign.
   *
   * @param codes the codes, in offset binary
   * @param granularity which of them share a scale
   * @param dtype how scales are stored: F32, F16 or BF16, in which they are exact
   * @param scales one for each tile, row-major
   * @param zeroPoints one for each tile, in signed form, or null if all are 0
   * @return the matrix; symmetric if all zero points are 0
   * @throws IllegalArgumentException if a scale is not finite, a zero point is not a value of the
   *     codes, or a number of values is not that of the tiles
   */
  public static QuantizedMatrix ofIntegers(
      PackedCodes codes,
      Granularity granularity,
      DType dtype,
      float[] scales,
      float @Nullable [] zeroPoints) {
    IntegerFormat format = new IntegerFormat(codes.bits());
    ScaleLayout layout = granularity.layout(codes.rows(), codes.columns());
    PackedCodes usedCodes = codes;
    float[] usedScales = scales;
    float @Nullable [] zeros =
        zeroPoints == null || PositiveScales.isZero(zeroPoints) ? null : zeroPoints;
    requireCount(scales, layout);
    if (PositiveScales.isNeeded(scales)) {
      PositiveScales.Turned turned = PositiveScales.turn(codes, format, layout, scales, zeros);
      usedCodes = turned.codes();
      usedScales = turned.scales();
      zeros = turned.isSymmetric() ? null : turned.zeroPoints();
    }
    return of(
        usedCodes,
        format,
        granularity,
        dtype,
        usedScales,
        zeros == null ? null : ZeroPointCodec.encode(zeros, layout, format));
  }

  /**
   * Puts a matrix of any format together.
   *
   * @param codes the codes
   * @param format what they stand for
   * @param granularity which of them share a scale
   * @param dtype how scales are stored: F32, F16 or BF16, in which they are exact
   * @param scales one for each tile, row-major; positive
   * @param zeroPoints one for each tile, or null if there are none
   * @return the matrix
   * @throws IllegalArgumentException if a scale is not positive and finite, or a number of values
   *     is not that of the tiles
   */
  public static QuantizedMatrix of(
      PackedCodes codes,
      NumberFormat format,
      Granularity granularity,
      DType dtype,
      float[] scales,
      @Nullable GroupParameters zeroPoints) {
    ScaleLayout layout = granularity.layout(codes.rows(), codes.columns());
    requireCount(scales, layout);
    GroupParameters parameters =
        parameters(dtype, Shape.of(layout.scaleRows(), layout.scaleColumns()), scales);
    FloatScaleCodec codec =
        switch (dtype) {
          case F16 -> FloatScaleCodec.FLOAT16;
          case BF16 -> FloatScaleCodec.BFLOAT16;
          default -> FloatScaleCodec.FLOAT32;
        };
    QuantScheme scheme = new QuantScheme(format, granularity, zeroPoints == null, codec);
    return new QuantizedMatrix(
        new Grid(scheme, layout, FormatPalette.uniform(format), parameters, zeroPoints), codes);
  }

  private static void requireCount(float[] scales, ScaleLayout layout) {
    if (scales.length != layout.count()) {
      throw new IllegalArgumentException(
          "scales: " + scales.length + ", expected " + layout.count() + " for " + layout);
    }
  }

  /**
   * Numbers with a stored form.
   *
   * @param dtype F32, F16 or BF16
   * @param shape of the stored tensor
   * @param values exact in that type
   * @return both forms
   */
  public static GroupParameters parameters(DType dtype, Shape shape, float[] values) {
    Tensor stored;
    if (dtype == DType.F16 || dtype == DType.BF16) {
      short[] bits = new short[values.length];
      for (int i = 0; i < bits.length; i++) {
        bits[i] =
            dtype == DType.F16
                ? HalfPrecision.toFloat16(values[i])
                : HalfPrecision.toBfloat16(values[i]);
      }
      stored = Tensor.ofShorts(dtype, shape, bits);
    } else {
      stored = Tensor.ofFloats(shape, values);
    }
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    parts.put("", stored);
    return new GroupParameters(values, parts);
  }

  /**
   * The transpose of a tensor of scales.
   *
   * @param scales {@code [groups, rows]}, or more groups than are used
   * @param groups how many are used
   * @return {@code [rows, groups]}
   */
  public static float[] transposed(Tensor scales, int groups) {
    float[] given = scales.toFloatArray();
    int rows = (int) scales.shape().dimension(1);
    float[] turned = new float[Math.multiplyExact(rows, groups)];
    for (int group = 0; group < groups; group++) {
      for (int row = 0; row < rows; row++) {
        turned[row * groups + group] = given[group * rows + row];
      }
    }
    return turned;
  }
}
