// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.List;

/**
 * Weights {@code code scale + offset} with an offset of its own for each group of inputs, which no
 * zero point gives exactly.
 *
 * <p>They are the sum of a matrix whose zero points are code 0, and of the offsets times the
 * indicators of the groups: a term of as many ranks as there are groups, which costs little beside
 * the first.
 */
public final class GroupOffsets {
  private GroupOffsets() {}

  /**
   * The layer.
   *
   * @param codes {@code [out, in]}, unsigned
   * @param size inputs of a group, which divides them
   * @param scaleType how scales are stored
   * @param scales {@code [out, groups]}, of any sign
   * @param offsetType how offsets are stored
   * @param offsets {@code [out, groups]}
   * @return the sum of both terms; each weight is the sum of the rounded product and the offset
   * @throws IllegalArgumentException if a scale is not finite, or the size does not divide
   */
  public static QuantizedLinear linear(
      PackedCodes codes,
      int size,
      DType scaleType,
      float[] scales,
      DType offsetType,
      float[] offsets) {
    int rows = codes.rows();
    int columns = codes.columns();
    int groups = columns / size;
    Granularity granularity = groups == 1 ? Granularity.channel() : Granularity.group(size);
    float[] zeros = new float[scales.length];
    Arrays.fill(zeros, -(1 << (codes.bits() - 1)));
    QuantizedMatrix matrix = AffineMatrix.ofIntegers(codes, granularity, scaleType, scales, zeros);
    float[] indicators = new float[Math.multiplyExact(groups, columns)];
    for (int i = 0; i < columns; i++) {
      indicators[i / size * columns + i] = 1;
    }
    WeightTerm shift =
        new LowRankTerm(
            new DenseTerm(FloatMatrix.wrap(rows, groups, offsets), offsetType),
            new DenseTerm(FloatMatrix.wrap(groups, columns, indicators), DType.BF16));
    return QuantizedLinear.of(List.of(new QuantizedTerm(matrix), shift));
  }
}
