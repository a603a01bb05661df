// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.module;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.ScaleLayout;
import org.jspecify.annotations.Nullable;

/**
 * Scales that are not positive, as grids here have positive ones.
 *
 * <p>AutoRound chooses a negative scale where the largest weight of a group is positive, so that
 * the code of largest magnitude, which is negative, stands for it. {@code s (q - z)} is {@code |s|
 * ((-q - 1) - (-z - 1))} for a negative {@code s}, and {@code -q - 1} is the code with all bits
 * inverted: always a value of the format, and so is the zero point. The matrix becomes asymmetric;
 * its weights are exactly the same.
 *
 * <p>A scale of 0, which half precision makes of very small ones, stands for weights of 0. Such a
 * group gets the scale 1, and 0 for codes and zero point.
 */
public final class PositiveScales {
  private PositiveScales() {}

  /**
   * The same matrix with positive scales.
   *
   * @param codes the codes
   * @param scales one for each tile
   * @param zeroPoints one for each tile, in signed form
   */
  @SuppressWarnings("ArrayRecordComponent") // Never compared.
  public record Turned(PackedCodes codes, float[] scales, float[] zeroPoints) {

    /**
     * Whether all zero points are 0.
     *
     * @return true if the matrix is symmetric
     */
    public boolean isSymmetric() {
      return PositiveScales.isZero(zeroPoints);
    }
  }

  /**
   * Whether there is a scale to turn.
   *
   * @param scales any values
   * @return true if one is negative or 0
   */
  public static boolean isNeeded(float[] scales) {
    for (float scale : scales) {
      if (scale <= 0) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a scale is negative.
   *
   * @param scales any values
   * @return true if one is below 0
   */
  public static boolean isAnyNegative(float[] scales) {
    for (float scale : scales) {
      if (scale < 0) {
        return true;
      }
    }
    return false;
  }

  static boolean isZero(float[] values) {
    for (float value : values) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Inverts the codes of tiles with negative scales. Costs a copy of all codes.
   *
   * @param codes the codes
   * @param format what they are
   * @param layout the tiles
   * @param scales one for each tile
   * @param zeroPoints one for each tile, in signed form, or null if all are 0
   * @return the same weights with positive scales
   */
  public static Turned turn(
      PackedCodes codes,
      IntegerFormat format,
      ScaleLayout layout,
      float[] scales,
      float @Nullable [] zeroPoints) {
    float[] zeros = zeroPoints == null ? new float[scales.length] : zeroPoints.clone();
    float[] positive = scales.clone();
    for (int i = 0; i < scales.length; i++) {
      if (scales[i] < 0) {
        zeros[i] = -zeros[i] - 1;
        positive[i] = -scales[i];
      } else if (scales[i] == 0) {
        zeros[i] = 0;
        positive[i] = 1;
      }
    }
    return new Turned(inverted(codes, format, layout, scales), positive, zeros);
  }

  private static PackedCodes inverted(
      PackedCodes codes, IntegerFormat format, ScaleLayout layout, float[] scales) {
    int columns = codes.columns();
    int mask = (1 << codes.bits()) - 1;
    byte[] unpacked = new byte[Math.multiplyExact(codes.rows(), columns)];
    for (int row = 0; row < codes.rows(); row++) {
      codes.unpackRow(row, unpacked, row * columns);
      for (int column = 0; column < columns; column++) {
        float scale = scales[layout.index(row, column)];
        if (scale < 0) {
          unpacked[row * columns + column] ^= (byte) mask;
        } else if (scale == 0) {
          unpacked[row * columns + column] = (byte) format.offset();
        }
      }
    }
    return PackedCodes.pack(codes.rows(), columns, codes.bits(), Integer.BYTES, unpacked);
  }
}
