// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.gguf;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.checkpoint.layout.InexactException;
import io.github.quant4j.checkpoint.layout.IntegerGrids;
import io.github.quant4j.checkpoint.layout.IntegerWeights;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.BlockMatrix;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Integer weights as blocks of ggml, where these say exactly the same. */
public final class ExactBlocks {
  private static final int SIZE = 32;

  private ExactBlocks() {}

  /**
   * The same weights as blocks.
   *
   * @param linear a layer
   * @param format the blocks that are wanted
   * @return the blocks, or empty if they cannot say the same, bit for bit
   */
  public static Optional<BlockMatrix> of(QuantizedLinear linear, BlockFormat format) {
    int bits =
        switch (format) {
          case Q4_0, Q4_1 -> 4;
          case Q5_0, Q5_1 -> 5;
          case Q8_0 -> 8;
          default -> 0;
        };
    if (bits == 0) {
      return Optional.empty();
    }
    try {
      IntegerWeights weights = IntegerGrids.of(linear);
      if (weights.bits() > bits
          || !weights.isInOrder()
          || weights.columns() % SIZE != 0
          || weights.groupSize() % SIZE != 0
          || (long) weights.rows() * format.rowBytes(weights.columns()) > Integer.MAX_VALUE - 8) {
        return Optional.empty();
      }
      BlockMatrix blocks = encode(weights.widened(bits), format, bits);
      return isSame(weights, blocks) ? Optional.of(blocks) : Optional.empty();
    } catch (InexactException e) {
      return Optional.empty();
    }
  }

  private static boolean isSame(IntegerWeights weights, BlockMatrix blocks) {
    float[] row = new float[weights.columns()];
    for (int r = 0; r < weights.rows(); r++) {
      blocks.dequantizeRow(r, row, 0);
      for (int c = 0; c < row.length; c++) {
        if (row[c] != weights.get(r, c)) {
          return false;
        }
      }
    }
    return true;
  }

  private static BlockMatrix encode(IntegerWeights weights, BlockFormat format, int bits) {
    int columns = weights.columns();
    int blockBytes = format.blockBytes();
    byte[] bytes = new byte[weights.rows() * (int) format.rowBytes(columns)];
    int[] codes = new int[SIZE];
    int at = 0;
    for (int r = 0; r < weights.rows(); r++) {
      for (int c = 0; c < columns; c += SIZE, at += blockBytes) {
        int group = r * weights.groupCount() + c / weights.groupSize();
        for (int i = 0; i < SIZE; i++) {
          codes[i] = weights.codes()[r * columns + c + i] & 0xff;
        }
        block(bytes, at, format, codes, weights.scales()[group], weights.zeros()[group], bits);
      }
    }
    return new BlockMatrix(
        format, weights.rows(), columns, MemorySegment.ofArray(bytes).asReadOnly());
  }

  private static void block(
      byte[] bytes, int at, BlockFormat format, int[] codes, float scale, int zero, int bits) {
    half(bytes, at, scale);
    int from = at + 2;
    int middle = 1 << (bits - 1);
    boolean hasMinimum = format == BlockFormat.Q4_1 || format == BlockFormat.Q5_1;
    // Without a minimum the zero point is in the middle; what is elsewhere shifts the codes.
    int shift = hasMinimum ? 0 : middle - zero;
    if (hasMinimum) {
      half(bytes, from, -zero * scale);
      from += 2;
    }
    if (bits == 8) {
      for (int i = 0; i < SIZE; i++) {
        bytes[from + i] = (byte) (codes[i] - zero);
      }
      return;
    }
    int high = 0;
    int nibbles = bits == 5 ? from + 4 : from;
    for (int i = 0; i < SIZE; i++) {
      int code = (codes[i] + shift) & ((1 << bits) - 1);
      high |= (code >> 4 & 1) << i;
      int place = nibbles + i % (SIZE / 2);
      bytes[place] = (byte) (bytes[place] | (code & 15) << (i < SIZE / 2 ? 0 : 4));
    }
    if (bits == 5) {
      for (int i = 0; i < 4; i++) {
        bytes[from + i] = (byte) (high >> 8 * i);
      }
    }
  }

  private static void half(byte[] bytes, int at, float value) {
    short half = HalfPrecision.toFloat16(value);
    bytes[at] = (byte) half;
    bytes[at + 1] = (byte) (half >> 8);
  }
}
