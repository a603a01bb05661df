// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.gguf;

import io.github.quant4j.block.BlockEncoder;
import io.github.quant4j.block.BlockFormat;
import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.io.TensorContent;
import io.github.quant4j.io.gguf.GgufTensorType;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.BlockMatrix;
import io.github.quant4j.model.gguf.StoredTensor;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Produces the data of a tensor of a file from rows of a model, some rows at a time. */
public final class TensorEncoder {
  private static final int ROWS_IN_PART = 8;
  private static final int NUMBERS_AT_ONCE = 1 << 22;
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final StoredTensor tensor;
  private final GgufTensorType type;
  private final Function<String, RowSource> sources;
  private final Importance importance;
  private final Compute compute;

  /** How much inputs of a tensor's matrices count. */
  @FunctionalInterface
  public interface Importance {
    /**
     * The mean squares of the inputs of a matrix.
     *
     * @param tensor the name of the tensor in the file
     * @param columns inputs
     * @param index which matrix of a stack
     * @return one number for each input, or empty if nothing is known
     */
    Optional<float[]> of(String tensor, int columns, int index);
  }

  /**
   * An encoder.
   *
   * @param tensor what is made of which rows
   * @param type what it is stored as
   * @param sources the rows of the model's tensors by name
   * @param importance how much inputs count
   * @param compute the threads
   */
  public TensorEncoder(
      StoredTensor tensor,
      GgufTensorType type,
      Function<String, RowSource> sources,
      Importance importance,
      Compute compute) {
    this.tensor = tensor;
    this.type = type;
    this.sources = sources;
    this.importance = importance;
    this.compute = compute;
  }

  /**
   * Whether all rows are there as blocks of the type already, so that they are only copied.
   *
   * @return whether nothing is quantized
   */
  public boolean isCopy() {
    if (tensor.isTransposed()) {
      return false;
    }
    for (StoredTensor.Matrix matrix : tensor.matrices()) {
      for (StoredTensor.Rows rows : matrix.rows()) {
        if (rows.added() != 0 || sources.apply(rows.source()).blocks(type).isEmpty()) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Writes all matrices.
   *
   * @param sink receives the data
   * @throws IOException if it cannot
   */
  public void write(TensorContent.Sink sink) throws IOException {
    boolean copy = isCopy();
    for (int i = 0; i < tensor.matrices().size(); i++) {
      StoredTensor.Matrix matrix = tensor.matrices().get(i);
      if (copy) {
        copy(matrix, sink);
      } else if (tensor.isTransposed()) {
        encode(transposed(matrix.rows().getFirst()), i, sink);
      } else {
        int rows = Math.max(1, NUMBERS_AT_ONCE / tensor.columns());
        for (int from = 0; from < matrix.count(); from += rows) {
          encode(read(matrix, from, Math.min(rows, matrix.count() - from)), i, sink);
        }
      }
    }
  }

  private void copy(StoredTensor.Matrix matrix, TensorContent.Sink sink) throws IOException {
    for (StoredTensor.Rows part : matrix.rows()) {
      BlockMatrix blocks = sources.apply(part.source()).blocks(type).orElseThrow();
      long bytes = blocks.rowBytes();
      int from = 0;
      while (from < part.rows().length) {
        int to = from + 1;
        while (to < part.rows().length && part.rows()[to] == part.rows()[to - 1] + 1) {
          to++;
        }
        sink.write(blocks.data().asSlice(part.rows()[from] * bytes, (to - from) * bytes));
        from = to;
      }
    }
  }

  private FloatMatrix read(StoredTensor.Matrix matrix, int from, int count) {
    int columns = tensor.columns();
    FloatMatrix rows = FloatMatrix.zeros(count, columns);
    int first = 0;
    for (StoredTensor.Rows part : matrix.rows()) {
      RowSource source = sources.apply(part.source());
      for (int r = Math.max(0, from - first);
          r < Math.min(part.rows().length, from + count - first);
          r++) {
        int at = (first + r - from) * columns;
        source.read(part.rows()[r], rows.data(), at);
        add(part.added(), rows.data(), at, columns);
      }
      first += part.rows().length;
    }
    return rows;
  }

  private static void add(double added, float[] values, int at, int count) {
    if (added != 0) {
      for (int i = at; i < at + count; i++) {
        values[i] += (float) added;
      }
    }
  }

  private FloatMatrix transposed(StoredTensor.Rows part) {
    RowSource source = sources.apply(part.source());
    int inputs = source.columns();
    int columns = part.rows().length;
    FloatMatrix matrix = FloatMatrix.zeros(inputs, columns);
    float[] row = new float[inputs];
    for (int c = 0; c < columns; c++) {
      source.read(part.rows()[c], row, 0);
      for (int r = 0; r < inputs; r++) {
        matrix.data()[r * columns + c] = row[r];
      }
    }
    return matrix;
  }

  private void encode(FloatMatrix rows, int index, TensorContent.Sink sink) throws IOException {
    Optional<BlockFormat> format = BlockFormat.find(type.name());
    if (format.isPresent()) {
      float @Nullable [] weights =
          importance.of(tensor.name(), tensor.columns(), index).orElse(null);
      sink.write(blocks(format.get(), rows, weights).data());
      return;
    }
    float[] values = rows.data();
    int bytes = type == GgufTensorType.F32 ? Float.BYTES : Short.BYTES;
    MemorySegment data = MemorySegment.ofArray(new byte[values.length * bytes]);
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case F32 -> data.set(FLOAT, (long) i * bytes, values[i]);
        case F16 -> data.set(SHORT, (long) i * bytes, HalfPrecision.toFloat16(values[i]));
        case BF16 -> data.set(SHORT, (long) i * bytes, HalfPrecision.toBfloat16(values[i]));
        default -> throw new IllegalArgumentException(type + " can be read but not written");
      }
    }
    sink.write(data);
  }

  /** The rows as blocks; what would not be finite is refused. */
  private BlockMatrix blocks(BlockFormat format, FloatMatrix rows, float @Nullable [] importance) {
    BlockEncoder encoder =
        format
            .encoder()
            .orElseThrow(
                () -> new IllegalArgumentException(format + " can be read but not written"));
    int columns = rows.columns();
    long rowBytes = format.rowBytes(columns);
    MemorySegment data = MemorySegment.ofArray(new byte[Math.toIntExact(rowBytes * rows.rows())]);
    BlockMatrix matrix = new BlockMatrix(format, rows.rows(), columns, data.asReadOnly());
    compute
        .team()
        .run(
            Math.ceilDiv(rows.rows(), ROWS_IN_PART),
            part -> {
              float[] decoded = new float[columns];
              int end = Math.min(rows.rows(), (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                int from = row * columns;
                requireFinite(rows.data(), from, columns, row);
                encoder.encode(rows.data(), from, columns, importance, 0, data, row * rowBytes);
                matrix.dequantizeRow(row, decoded, 0);
                requireFinite(decoded, 0, columns, row);
              }
            });
    return matrix;
  }

  private void requireFinite(float[] values, int from, int count, int row) {
    for (int i = from; i < from + count; i++) {
      if (!Float.isFinite(values[i])) {
        throw new IllegalArgumentException(
            "tensor '"
                + tensor.name()
                + "': "
                + values[i]
                + " in row "
                + row
                + " as "
                + type
                + ", expected finite weights within its range");
      }
    }
  }
}
