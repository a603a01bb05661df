// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.block.BlockEncoder;
import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.tensor.FloatMatrix;
import java.lang.foreign.MemorySegment;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Quantizes weight matrices to blocks of ggml, bit for bit as ggml does it. */
public final class BlockQuantizer {
  private static final int ROWS_IN_PART = 8;

  private BlockQuantizer() {}

  /**
   * Quantizes a matrix. Rows are independent of one another.
   *
   * @param format the type of the blocks
   * @param weights the weights, {@code [out, in]}, all finite; {@code in} must be a multiple of the
   *     block's size
   * @param importance how much the error of each input's weights counts, {@code [in]}, for example
   *     the mean square of the input; finite and not negative. Null if all count alike; see {@link
   *     BlockEncoder} for the formats that pass over it
   * @param compute the threads
   * @return the blocks, on the heap
   * @throws IllegalArgumentException if the format can only be read, a size does not fit, the
   *     blocks exceed an array, a number is out of range, or weights are so large that a scale is
   *     infinite in binary16
   */
  public static BlockMatrix quantize(
      BlockFormat format, FloatMatrix weights, float @Nullable [] importance, Compute compute) {
    BlockEncoder encoder =
        format
            .encoder()
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        "format: " + format + " can be read but not written"));
    int columns = weights.columns();
    long rowBytes = format.rowBytes(columns);
    if (rowBytes * weights.rows() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "weights: " + weights + " in " + format + " exceed an array; quantize parts of the rows");
    }
    if (importance != null) {
      requireImportance(importance, columns);
    }
    MemorySegment blocks = MemorySegment.ofArray(new byte[(int) rowBytes * weights.rows()]);
    BlockMatrix matrix = new BlockMatrix(format, weights.rows(), columns, blocks.asReadOnly());
    compute
        .team()
        .run(
            Math.ceilDiv(weights.rows(), ROWS_IN_PART),
            part -> {
              float[] decoded = new float[columns];
              int end = Math.min(weights.rows(), (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                int from = row * columns;
                requireFinite(weights.data(), from, columns, row, "a finite number");
                encoder.encode(
                    weights.data(), from, columns, importance, 0, blocks, row * rowBytes);
                matrix.dequantizeRow(row, decoded, 0);
                requireFinite(decoded, 0, columns, row, "weights within the range of " + format);
              }
            });
    return matrix;
  }

  private static void requireImportance(float[] importance, int columns) {
    if (importance.length != columns) {
      throw new IllegalArgumentException(
          "importance: " + importance.length + " numbers, expected " + columns);
    }
    for (int i = 0; i < columns; i++) {
      if (!(importance[i] >= 0 && importance[i] <= Float.MAX_VALUE)) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "importance: %s of input %d, expected a finite number that is not negative",
                importance[i],
                i));
      }
    }
  }

  private static void requireFinite(float[] values, int from, int count, int row, String what) {
    for (int i = 0; i < count; i++) {
      if (!Float.isFinite(values[from + i])) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT,
                "weights: %s at [%d, %d], expected %s",
                values[from + i],
                row,
                i,
                what));
      }
    }
  }
}
