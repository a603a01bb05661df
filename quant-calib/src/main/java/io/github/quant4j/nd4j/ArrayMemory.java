// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import io.github.quant4j.format.HalfPrecision;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The elements of an array of any order, offset and strides, as rows of its last dimension.
 *
 * <p>Works on the host's memory of the array itself, without a copy in between.
 */
final class ArrayMemory {
  /** 32 x 32 elements stay in the first-level cache on both sides, whichever runs fastest. */
  private static final int TILE = 32;

  private final INDArray array;
  private final DataType type;
  private final long[] shape;
  private final long[] stride;
  private final ByteBuffer bytes;
  private final int rows;
  private final int columns;
  private final int columnStride;

  private ArrayMemory(INDArray array) {
    this.array = array;
    this.type = array.dataType();
    this.shape = array.shape();
    this.stride = array.stride();
    this.bytes = array.data().asNio().order(ByteOrder.nativeOrder());
    int last = shape.length - 1;
    this.columns = last < 0 ? 1 : Math.toIntExact(shape[last]);
    this.rows = Math.toIntExact(array.length() / columns);
    this.columnStride = columns == 1 ? 1 : Math.toIntExact(stride[last]);
  }

  /**
   * Looks at an array.
   *
   * @param name the argument's name, for messages
   * @param array the array
   * @return its memory
   * @throws IllegalArgumentException if it is closed or empty, its type is none of FLOAT, DOUBLE,
   *     HALF and BFLOAT16, or its elements lie further apart than a buffer reaches
   */
  static ArrayMemory of(String name, INDArray array) {
    if (array.wasClosed()) {
      throw new IllegalArgumentException(name + ": the array has been closed");
    }
    if (array.isEmpty()) {
      throw new IllegalArgumentException(
          name + ": shape " + Arrays.toString(array.shape()) + ", expected at least one element");
    }
    int size =
        switch (array.dataType()) {
          case FLOAT -> Float.BYTES;
          case DOUBLE -> Double.BYTES;
          case HALF, BFLOAT16 -> Short.BYTES;
          default ->
              throw new IllegalArgumentException(
                  name
                      + ": type "
                      + array.dataType()
                      + ", expected FLOAT, DOUBLE, HALF or BFLOAT16");
        };
    long end = array.offset() + 1;
    for (int axis = 0; axis < array.rank(); axis++) {
      end += (array.size(axis) - 1) * array.stride(axis);
    }
    if (end * size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          name
              + ": shape "
              + Arrays.toString(array.shape())
              + " ends at byte "
              + end * size
              + " of its buffer, expected less than 2^31; copy it in slices with dup()");
    }
    return new ArrayMemory(array);
  }

  /** Position of the first element of a row. */
  private int rowStart(int row) {
    long position = array.offset();
    int rest = row;
    for (int axis = shape.length - 2; axis >= 0; axis--) {
      int extent = (int) shape[axis];
      position += rest % extent * stride[axis];
      rest /= extent;
    }
    return (int) position;
  }

  /**
   * Copies all elements to an array.
   *
   * @param target receives them in row-major order
   * @param offset where the first one goes
   */
  void read(float[] target, int offset) {
    Nd4j.getAffinityManager().ensureLocation(array, AffinityManager.Location.HOST);
    if (type == DataType.FLOAT && columnStride == 1) {
      var floats = bytes.asFloatBuffer();
      for (int row = 0; row < rows; row++) {
        floats.get(rowStart(row), target, offset + row * columns, columns);
      }
      return;
    }
    forEachTile(
        (row, start, from, to) -> {
          for (int column = from; column < to; column++) {
            target[offset + row * columns + column] = get(start + column * columnStride);
          }
        });
  }

  /**
   * Copies all elements from an array, rounded to nearest with ties to even.
   *
   * @param source holds them in row-major order
   * @param offset where the first one is
   */
  void write(float[] source, int offset) {
    if (type == DataType.FLOAT && columnStride == 1) {
      var floats = bytes.asFloatBuffer();
      for (int row = 0; row < rows; row++) {
        floats.put(rowStart(row), source, offset + row * columns, columns);
      }
    } else {
      forEachTile(
          (row, start, from, to) -> {
            for (int column = from; column < to; column++) {
              put(start + column * columnStride, source[offset + row * columns + column]);
            }
          });
    }
    Nd4j.getAffinityManager().tagLocation(array, AffinityManager.Location.HOST);
  }

  /**
   * Copies the bits of all elements.
   *
   * @param target receives them in row-major order, little-endian
   */
  void readBits(ByteBuffer target) {
    Nd4j.getAffinityManager().ensureLocation(array, AffinityManager.Location.HOST);
    target.order(ByteOrder.LITTLE_ENDIAN);
    for (int row = 0; row < rows; row++) {
      int start = rowStart(row);
      for (int column = 0; column < columns; column++) {
        int at = start + column * columnStride;
        switch (type) {
          case FLOAT -> target.putInt(bytes.getInt(at * Float.BYTES));
          case DOUBLE -> target.putLong(bytes.getLong(at * Double.BYTES));
          default -> target.putShort(bytes.getShort(at * Short.BYTES));
        }
      }
    }
  }

  private float get(int at) {
    return switch (type) {
      case FLOAT -> bytes.getFloat(at * Float.BYTES);
      case DOUBLE -> (float) bytes.getDouble(at * Double.BYTES);
      case HALF -> HalfPrecision.fromFloat16(bytes.getShort(at * Short.BYTES));
      default -> HalfPrecision.fromBfloat16(bytes.getShort(at * Short.BYTES));
    };
  }

  private void put(int at, float value) {
    switch (type) {
      case FLOAT -> bytes.putFloat(at * Float.BYTES, value);
      case DOUBLE -> bytes.putDouble(at * Double.BYTES, value);
      case HALF -> bytes.putShort(at * Short.BYTES, HalfPrecision.toFloat16(value));
      default -> bytes.putShort(at * Short.BYTES, HalfPrecision.toBfloat16(value));
    }
  }

  private void forEachTile(RowPart work) {
    for (int top = 0; top < rows; top += TILE) {
      int bottom = Math.min(rows, top + TILE);
      for (int left = 0; left < columns; left += TILE) {
        int right = Math.min(columns, left + TILE);
        for (int row = top; row < bottom; row++) {
          work.run(row, rowStart(row), left, right);
        }
      }
    }
  }

  /** Some elements of a row. */
  private interface RowPart {
    void run(int row, int start, int from, int to);
  }
}
