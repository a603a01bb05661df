// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.tensor;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/**
 * A typed, shaped view of a memory segment: little-endian, row-major, dense.
 *
 * <p>The segment may lie on the heap, off the heap or in a mapped file; the tensor does not own it
 * and must not be used after the segment's arena is closed. Reading converts any real element type
 * to float, a block at a time, so that a matrix never needs to be on the heap as a whole.
 * Comparisons are by identity.
 */
public final class Tensor {
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final String name;
  private final DType dtype;
  private final Shape shape;
  private final MemorySegment data;

  private Tensor(String name, DType dtype, Shape shape, MemorySegment data) {
    long bytes = dtype.bytes(shape.elementCount());
    if (data.byteSize() != bytes) {
      throw new IllegalArgumentException(
          "data: "
              + data.byteSize()
              + " bytes for tensor '"
              + name
              + "', expected "
              + bytes
              + " for "
              + dtype.label()
              + " "
              + shape);
    }
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.data = data;
  }

  /**
   * Views a segment as a tensor.
   *
   * @param name the tensor's name, empty if it has none
   * @param dtype the element type
   * @param shape the dimensions
   * @param data exactly the tensor's bytes; shared, not copied
   * @return the tensor
   * @throws IllegalArgumentException if the segment's size is not that of the tensor
   */
  public static Tensor of(String name, DType dtype, Shape shape, MemorySegment data) {
    return new Tensor(name, dtype, shape, data);
  }

  /**
   * Wraps floats as an F32 tensor.
   *
   * @param shape the dimensions
   * @param values the elements, row-major; shared, not copied
   * @return a tensor without a name
   * @throws IllegalArgumentException if their number is not the shape's
   */
  public static Tensor ofFloats(Shape shape, float[] values) {
    return new Tensor("", DType.F32, shape, MemorySegment.ofArray(values));
  }

  /**
   * Wraps ints as an I32 tensor.
   *
   * @param shape the dimensions
   * @param values the elements, row-major; shared, not copied
   * @return a tensor without a name
   * @throws IllegalArgumentException if their number is not the shape's
   */
  public static Tensor ofInts(Shape shape, int[] values) {
    return new Tensor("", DType.I32, shape, MemorySegment.ofArray(values));
  }

  /**
   * Wraps longs as an I64 tensor.
   *
   * @param shape the dimensions
   * @param values the elements, row-major; shared, not copied
   * @return a tensor without a name
   * @throws IllegalArgumentException if their number is not the shape's
   */
  public static Tensor ofLongs(Shape shape, long[] values) {
    return new Tensor("", DType.I64, shape, MemorySegment.ofArray(values));
  }

  /**
   * Wraps 16-bit elements.
   *
   * @param dtype F16, BF16, I16 or U16
   * @param shape the dimensions
   * @param bits the elements' bits, row-major; shared, not copied
   * @return a tensor without a name
   * @throws IllegalArgumentException if the type has not 16 bits or the number is not the shape's
   */
  public static Tensor ofShorts(DType dtype, Shape shape, short[] bits) {
    if (dtype.bits() != 16) {
      throw new IllegalArgumentException("dtype: " + dtype + ", expected a 16-bit type");
    }
    return new Tensor("", dtype, shape, MemorySegment.ofArray(bits));
  }

  /**
   * Wraps raw bytes.
   *
   * @param dtype the element type
   * @param shape the dimensions
   * @param bytes the tensor's bytes; shared, not copied
   * @return a tensor without a name
   * @throws IllegalArgumentException if their number is not the tensor's
   */
  public static Tensor ofBytes(DType dtype, Shape shape, byte[] bytes) {
    return new Tensor("", dtype, shape, MemorySegment.ofArray(bytes));
  }

  /**
   * The same data under another name.
   *
   * @param newName the name
   * @return a tensor that shares this one's data
   */
  public Tensor withName(String newName) {
    return new Tensor(newName, dtype, shape, data);
  }

  /**
   * The name.
   *
   * @return empty for a tensor that was never named
   */
  public String name() {
    return name;
  }

  /**
   * The element type.
   *
   * @return the type
   */
  public DType dtype() {
    return dtype;
  }

  /**
   * The dimensions.
   *
   * @return outermost first
   */
  public Shape shape() {
    return shape;
  }

  /**
   * The bytes.
   *
   * @return the live segment, little-endian
   */
  public MemorySegment data() {
    return data;
  }

  /**
   * The size of the data.
   *
   * @return bytes
   */
  public long byteSize() {
    return data.byteSize();
  }

  /**
   * Reads consecutive elements as floats.
   *
   * <p>Integers and F64 are rounded to the nearest float; BOOL gives 0 or 1.
   *
   * @param from the first element, in row-major order
   * @param count how many
   * @param target where they go
   * @param targetOffset position of the first one in {@code target}
   * @throws IndexOutOfBoundsException if a range is outside the tensor or the array
   * @throws IllegalArgumentException if the elements are complex
   */
  public void readFloats(long from, int count, float[] target, int targetOffset) {
    Objects.checkFromIndexSize(from, count, shape.elementCount());
    Objects.checkFromIndexSize(targetOffset, count, target.length);
    TensorElements.read(dtype, data, from, count, target, targetOffset);
  }

  /**
   * All elements as floats.
   *
   * @return a fresh array, row-major
   * @throws IllegalArgumentException if the tensor has more elements than an array can hold, or
   *     they are complex
   */
  public float[] toFloatArray() {
    float[] values = new float[arraySize()];
    readFloats(0, values.length, values, 0);
    return values;
  }

  /**
   * All elements of a 32-bit integer tensor.
   *
   * @return a fresh array, row-major
   * @throws IllegalArgumentException if the type is not I32 or U32 or the tensor is too large
   */
  public int[] toIntArray() {
    if (dtype != DType.I32 && dtype != DType.U32) {
      throw new IllegalArgumentException(describe() + ": expected I32 or U32");
    }
    int[] values = new int[arraySize()];
    MemorySegment.copy(data, INT, 0, values, 0, values.length);
    return values;
  }

  /**
   * All elements of a 64-bit integer tensor.
   *
   * @return a fresh array, row-major
   * @throws IllegalArgumentException if the type is not I64 or U64 or the tensor is too large
   */
  public long[] toLongArray() {
    if (dtype != DType.I64 && dtype != DType.U64) {
      throw new IllegalArgumentException(describe() + ": expected I64 or U64");
    }
    long[] values = new long[arraySize()];
    MemorySegment.copy(data, LONG, 0, values, 0, values.length);
    return values;
  }

  private int arraySize() {
    if (shape.elementCount() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          describe() + ": too many elements for a Java array; read it in blocks");
    }
    return (int) shape.elementCount();
  }

  /**
   * The whole tensor as a matrix.
   *
   * @return a copy; a vector becomes one row
   * @throws IllegalArgumentException if the rank is neither 1 nor 2 or the tensor is too large
   */
  public FloatMatrix toMatrix() {
    return readRows(0, matrixRows());
  }

  /**
   * Consecutive rows of a matrix.
   *
   * @param first the first row
   * @param count how many
   * @return a copy, {@code [count, columns]}
   * @throws IndexOutOfBoundsException if the rows are outside the tensor
   * @throws IllegalArgumentException if the rank is neither 1 nor 2, or the block is too large
   */
  public FloatMatrix readRows(int first, int count) {
    int rows = matrixRows();
    Objects.checkFromIndexSize(first, count, rows);
    int columns = matrixColumns();
    FloatMatrix block = FloatMatrix.zeros(count, columns);
    readFloats((long) first * columns, count * columns, block.data(), 0);
    return block;
  }

  private int matrixRows() {
    requireMatrix();
    return shape.rank() == 1 ? 1 : size(0);
  }

  private int matrixColumns() {
    requireMatrix();
    return size(shape.rank() - 1);
  }

  /** An empty tensor may have sizes that no array has. */
  private int size(int dimension) {
    long size = shape.dimension(dimension);
    if (size > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          describe() + ": expected at most " + Integer.MAX_VALUE + " rows and columns");
    }
    return (int) size;
  }

  private void requireMatrix() {
    if (shape.rank() != 1 && shape.rank() != 2) {
      throw new IllegalArgumentException(describe() + ": expected a vector or a matrix");
    }
  }

  private String describe() {
    return "tensor '" + name + "' " + dtype.label() + " " + shape;
  }

  /** Name, type and shape. */
  @Override
  public String toString() {
    return describe();
  }
}
