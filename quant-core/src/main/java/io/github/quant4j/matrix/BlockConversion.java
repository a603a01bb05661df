// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.block.BlockPacker;
import io.github.quant4j.block.CodedBlocks;
import io.github.quant4j.scheme.ScaleLayout;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Quantized matrices as blocks of ggml, where these can hold exactly the same weights: {@code
 * int4:g32:sym} in binary16 as Q4_0, {@code int8:g64:sym} as Q8_0, asymmetric ones whose zero
 * points are such as Q4_1 and Q5_1, {@code mxfp4}, {@code nvfp4} without a scale of the matrix,
 * ternary ones with a scale for some 256 inputs or more, and others.
 */
public final class BlockConversion {
  /** The narrower formats first. */
  private static final List<BlockFormat> TARGETS =
      List.of(
          BlockFormat.Q1_0,
          BlockFormat.TQ2_0,
          BlockFormat.Q2_0,
          BlockFormat.MXFP4,
          BlockFormat.NVFP4,
          BlockFormat.Q4_0,
          BlockFormat.Q4_1,
          BlockFormat.Q5_0,
          BlockFormat.Q5_1,
          BlockFormat.Q8_0);

  /** What levels of blocks may be multiples of: E2M1 is doubled, two bits are mirrored. */
  private static final float[] UNITS = {1f, 0.5f, -1f};

  private BlockConversion() {}

  /**
   * The same weights in the first format that holds them.
   *
   * @param matrix the weights
   * @return the blocks, on the heap, or empty if there is no such format
   */
  public static Optional<BlockMatrix> exact(QuantizedMatrix matrix) {
    return TARGETS.stream().flatMap(format -> exact(matrix, format).stream()).findFirst();
  }

  /**
   * The same weights in a format. They are compared, bit by bit, with what the blocks stand for.
   *
   * @param matrix the weights
   * @param format the format
   * @return the blocks, on the heap, or empty if a weight would change, the rows are not whole
   *     blocks, or the format has no {@linkplain BlockFormat#packer() packer}
   */
  public static Optional<BlockMatrix> exact(QuantizedMatrix matrix, BlockFormat format) {
    Optional<CodedBlocks> coded = format.coded();
    Optional<BlockPacker> packer = format.packer();
    if (coded.isEmpty() || packer.isEmpty() || matrix.columns() % format.blockSize() != 0) {
      return Optional.empty();
    }
    int width = matrix.grid().layout().blockColumns();
    if (width < matrix.columns() && width % coded.get().run() != 0) {
      return Optional.empty();
    }
    for (float unit : UNITS) {
      Optional<BlockMatrix> found =
          new Attempt(matrix, format, coded.get(), packer.get(), unit).convert();
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** A conversion with one unit. */
  private static final class Attempt {
    private final QuantizedMatrix matrix;
    private final BlockFormat format;
    private final CodedBlocks coded;
    private final BlockPacker packer;
    private final float unit;
    private final byte[] levels;
    private final byte[] codes;
    private final float[] scales;
    private final float[] offsets;

    Attempt(
        QuantizedMatrix matrix,
        BlockFormat format,
        CodedBlocks coded,
        BlockPacker packer,
        float unit) {
      this.matrix = matrix;
      this.format = format;
      this.coded = coded;
      this.packer = packer;
      this.unit = unit;
      this.levels = coded.levels();
      this.codes = new byte[format.blockSize()];
      this.scales = new float[format.blockSize() / coded.run()];
      this.offsets = new float[scales.length];
    }

    Optional<BlockMatrix> convert() {
      int columns = matrix.columns();
      long rowBytes = format.rowBytes(columns);
      if (rowBytes * matrix.rows() > Integer.MAX_VALUE - 8) {
        return Optional.empty();
      }
      byte[] blocks = new byte[(int) rowBytes * matrix.rows()];
      BlockMatrix result =
          new BlockMatrix(
              format, matrix.rows(), columns, MemorySegment.ofArray(blocks).asReadOnly());
      byte[] row = new byte[columns];
      float[] expected = new float[columns];
      float[] found = new float[columns];
      int at = 0;
      for (int r = 0; r < matrix.rows(); r++) {
        matrix.codes().unpackRow(r, row, 0);
        for (int from = 0; from < columns; from += format.blockSize()) {
          for (int run = 0; run < scales.length; run++) {
            if (!recode(r, from, run, row)) {
              return Optional.empty();
            }
          }
          packer.pack(codes, scales, offsets, blocks, at);
          at += format.blockBytes();
        }
        matrix.dequantizeRow(r, expected, 0, row);
        result.dequantizeRow(r, found, 0);
        if (!Arrays.equals(expected, found)) {
          return Optional.empty();
        }
      }
      return Optional.of(result);
    }

    /** False if a weight is no level of the format. */
    private boolean recode(int row, int from, int run, byte[] source) {
      ScaleLayout layout = matrix.grid().layout();
      int first = from + run * coded.run();
      int tile = layout.index(row, first);
      float scale = matrix.grid().scale(tile);
      float zero = matrix.grid().zeroPoint(tile);
      float base = 0;
      if (coded.hasOffsets()) {
        base = matrix.grid().palette().format(tile).decode(0) - zero;
      }
      scales[run] = scale * unit;
      offsets[run] = base * scale;
      for (int i = 0; i < coded.run(); i++) {
        float value = matrix.grid().palette().format(tile).decode(source[first + i] & 0xff) - zero;
        int code = code(value - base);
        if (code < 0) {
          return false;
        }
        codes[run * coded.run() + i] = (byte) code;
      }
      return true;
    }

    private int code(float value) {
      for (int code = 0; code < levels.length; code++) {
        if (levels[code] * unit == value) {
          return code;
        }
      }
      return -1;
    }
  }
}
