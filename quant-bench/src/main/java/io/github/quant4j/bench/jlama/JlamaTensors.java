// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.jlama;

import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.FloatBufferTensor;
import com.github.tjake.jlama.tensor.Q4ByteBufferTensor;
import com.github.tjake.jlama.tensor.TensorShape;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Our matrices as Jlama's tensors, without a change of any value. */
final class JlamaTensors {
  private static final int BLOCK = Q4ByteBufferTensor.BLOCK_SIZE;

  private JlamaTensors() {}

  /**
   * Floats.
   *
   * @param rows first dimension
   * @param columns second dimension
   * @param values row-major
   * @return a tensor outside the heap, as Jlama's own are
   */
  static AbstractTensor<?, ?> floats(int rows, int columns, float[] values) {
    return new FloatBufferTensor(direct(values), TensorShape.of(rows, columns), false);
  }

  private static FloatBuffer direct(float[] values) {
    return ByteBuffer.allocateDirect(Float.BYTES * values.length)
        .order(ByteOrder.nativeOrder())
        .asFloatBuffer()
        .put(values)
        .rewind();
  }

  /**
   * Four-bit codes with a scale for each 32, which is Jlama's Q4: the first half of a block in the
   * lower four bits, the second half in the upper ones.
   *
   * @param matrix of the scheme {@code int4:g32:sym}
   * @return the same matrix
   * @throws IllegalArgumentException if the matrix has another scheme
   */
  static AbstractTensor<?, ?> fourBits(QuantizedMatrix matrix) {
    int rows = matrix.rows();
    int columns = matrix.columns();
    if (!matrix.scheme().toString().equals("int4:g32:sym") || columns % BLOCK != 0) {
      throw new IllegalArgumentException(
          "matrix: " + matrix.scheme() + ", expected int4:g32:sym and a multiple of 32 inputs");
    }
    // Both store codes with 8 added, and a scale for each 32 inputs of a row.
    int half = BLOCK / 2;
    byte[] row = new byte[columns];
    byte[] codes = new byte[Math.multiplyExact(rows, columns / 2)];
    for (int r = 0; r < rows; r++) {
      matrix.codes().unpackRow(r, row, 0);
      for (int i = 0; i < columns / 2; i++) {
        int low = i / half * BLOCK + i % half;
        codes[r * (columns / 2) + i] = (byte) (row[low] | row[low + half] << 4);
      }
    }
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(codes.length).order(ByteOrder.LITTLE_ENDIAN).put(codes).rewind();
    return new Q4ByteBufferTensor(
        "weights",
        bytes,
        new FloatBufferTensor(
            direct(matrix.grid().scales().values()), TensorShape.of(rows, columns / BLOCK), false),
        TensorShape.of(rows, columns),
        false);
  }
}
