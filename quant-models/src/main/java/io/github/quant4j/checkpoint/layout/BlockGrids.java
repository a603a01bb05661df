// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.matrix.BlockMatrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Finds the integers in blocks of ggml that have one scale in binary16, and a minimum that is a
 * multiple of it if they have one. A negative scale changes the signs of the codes: {@code s (q -
 * z)} is {@code -s (q' - z')} with {@code q' = max - q} and {@code z' = max - z}.
 */
final class BlockGrids {
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private BlockGrids() {}

  /**
   * Blocks with one scale.
   *
   * @param bits of a code
   * @param zero what is taken off a code, or -1 if a minimum in binary16 follows the scale
   * @param scaleAt where in the block the scale is
   */
  private record Kind(int bits, int zero, int scaleAt) {}

  private static Kind kind(BlockFormat format) throws InexactException {
    return switch (format) {
      case Q4_0 -> new Kind(4, 8, 0);
      case Q5_0 -> new Kind(5, 16, 0);
      case Q8_0 -> new Kind(8, 128, 0);
      case Q4_1 -> new Kind(4, -1, 0);
      case Q5_1 -> new Kind(5, -1, 0);
      case TQ1_0, TQ2_0 -> new Kind(2, 1, format.blockBytes() - Short.BYTES);
      default ->
          throw new InexactException(
              "its weights are blocks of " + format + ", no integers with a scale of 16 bits");
    };
  }

  static IntegerWeights of(BlockMatrix matrix) throws InexactException {
    BlockFormat format = matrix.format();
    Kind kind = kind(format);
    int rows = matrix.rows();
    int columns = matrix.columns();
    int size = format.blockSize();
    int count = columns / size;
    long rowBytes = format.rowBytes(columns);
    int largest = (1 << kind.bits) - 1;
    float[] scales = new float[Math.multiplyExact(rows, count)];
    int[] zeros = new int[scales.length];
    byte[] codes = new byte[Math.multiplyExact(rows, columns)];
    float[] values = new float[columns];
    for (int row = 0; row < rows; row++) {
      matrix.dequantizeRow(row, values, 0);
      for (int block = 0; block < count; block++) {
        long at = row * rowBytes + (long) block * format.blockBytes() + kind.scaleAt;
        float scale = half(matrix.data(), at);
        int tile = row * count + block;
        int from = row * columns + block * size;
        if (scale == 0) {
          constant(kind, format, half(matrix.data(), at + Short.BYTES));
          scales[tile] = 1;
          zeros[tile] = 1 << (kind.bits - 1);
          Arrays.fill(codes, from, from + size, (byte) zeros[tile]);
          continue;
        }
        int zero = kind.zero;
        if (zero < 0) {
          zero = multiple(half(matrix.data(), at + Short.BYTES), scale, largest, format);
        }
        zeros[tile] = scale < 0 ? largest - zero : zero;
        scales[tile] = Math.abs(scale);
        for (int i = 0; i < size; i++) {
          // A product of 11 and 8 bits is exact, and so is the quotient.
          codes[from + i] = (byte) (values[block * size + i] / scales[tile] + zeros[tile]);
        }
      }
    }
    return new IntegerWeights(
        rows,
        columns,
        kind.bits,
        codes,
        size,
        IntegerWeights.inOrder(columns, size),
        scales,
        zeros);
  }

  private static float half(MemorySegment data, long at) {
    return HalfPrecision.fromFloat16(data.get(SHORT, at));
  }

  /** A block without a scale is its minimum everywhere. */
  private static void constant(Kind kind, BlockFormat format, float minimum)
      throws InexactException {
    if (kind.zero < 0 && minimum != 0) {
      throw minimum(format);
    }
  }

  private static int multiple(float minimum, float scale, int largest, BlockFormat format)
      throws InexactException {
    double zero = -(double) minimum / scale;
    if (zero != Math.rint(zero)
        || zero < 0
        || zero > largest
        || zero * scale != -(double) minimum) {
      throw minimum(format);
    }
    return (int) zero;
  }

  private static InexactException minimum(BlockFormat format) {
    return new InexactException(
        "its weights are blocks of " + format + " whose minima are no multiples of their scales");
  }
}
