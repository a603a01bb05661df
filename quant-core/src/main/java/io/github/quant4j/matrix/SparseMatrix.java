// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A mostly empty matrix {@code [out, in]} in compressed rows (CSR): the outliers that are kept
 * beside a quantized matrix.
 *
 * <p>The elements of row {@code r} are numbers {@code rowStart(r)} to {@code rowStart(r + 1) - 1},
 * with ascending columns. Stored are row starts of 32 bits, columns of 16 bits where they fit and
 * of 32 otherwise, and values as binary16 or binary32; or values as bytes with a binary16 scale for
 * each row, and places as {@link SparsePlaces} has them. Immutable and thread-safe.
 */
public final class SparseMatrix {
  private static final String ROW_STARTS = "row_starts";
  private static final String COLUMNS = "columns";
  private static final String VALUES = "values";
  private static final String SCALES = "scales";
  private static final int LARGEST_CODE = 127;
  private static final float FLOAT16_LARGEST = 65504;

  /** Below it binary16 has fewer digits. */
  private static final float SMALLEST_SCALE = 0x1p-14f;

  private final int rows;
  private final int columnCount;
  private final int[] rowStarts;
  private final int[] columns;
  private final float[] values;
  private final DType stored;

  /** One for each row where values are bytes. */
  private final float @Nullable [] scales;

  private SparseMatrix(
      int rows, int columnCount, int[] rowStarts, int[] columns, float[] values, DType stored) {
    this(rows, columnCount, rowStarts, columns, values, stored, null);
  }

  private SparseMatrix(
      int rows,
      int columnCount,
      int[] rowStarts,
      int[] columns,
      float[] values,
      DType stored,
      float @Nullable [] scales) {
    this.scales = scales;
    this.rows = rows;
    this.columnCount = columnCount;
    this.rowStarts = rowStarts;
    this.columns = columns;
    this.values = values;
    this.stored = stored;
  }

  /**
   * Takes some elements of a dense matrix.
   *
   * <p>Values beyond binary16's range, above 65504, make the whole matrix binary32, whatever was
   * asked for, and so do values so small that they would vanish in binary16. Bytes become binary16
   * where a row's scale is out of its range.
   *
   * @param dense the matrix, {@code [out, in]}; not changed
   * @param kept which elements, by row-major position; elements that become 0 are left out
   * @param stored F16, F32 or I8: how values are stored, and rounded
   * @return the sparse matrix
   * @throws IllegalArgumentException if the type is another one, or a kept element is not finite
   */
  public static SparseMatrix of(FloatMatrix dense, BitSet kept, DType stored) {
    requireValueType(stored);
    if (stored == DType.I8) {
      float[] scales = scales(dense, kept);
      return scales == null ? of(dense, kept, DType.F16) : ofBytes(dense, kept, scales);
    }
    int columnCount = dense.columns();
    int most = kept.cardinality();
    int[] rowStarts = new int[dense.rows() + 1];
    int[] columns = new int[most];
    float[] values = new float[most];
    DType type = stored;
    int chosen = 0;
    for (int at = kept.nextSetBit(0); at >= 0; at = kept.nextSetBit(at + 1)) {
      requireFinite(dense, at);
      float value = dense.data()[at];
      if (Math.abs(value) > FLOAT16_LARGEST) {
        type = DType.F32;
      }
      values[chosen++] = value;
    }
    if (!FloatStorage.suffices(type, values)) {
      type = DType.F32;
    }
    int count = 0;
    for (int row = 0; row < dense.rows(); row++) {
      int end = (row + 1) * columnCount;
      for (int at = kept.nextSetBit(row * columnCount);
          at >= 0 && at < end;
          at = kept.nextSetBit(at + 1)) {
        float value = round(dense.data()[at], type);
        if (value != 0) {
          columns[count] = at % columnCount;
          values[count] = value;
          count++;
        }
      }
      rowStarts[row + 1] = count;
    }
    return new SparseMatrix(
        dense.rows(),
        columnCount,
        rowStarts,
        Arrays.copyOf(columns, count),
        Arrays.copyOf(values, count),
        type);
  }

  private static void requireFinite(FloatMatrix dense, int at) {
    float value = dense.data()[at];
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException(
          "dense: element ("
              + at / dense.columns()
              + ", "
              + at % dense.columns()
              + ") is "
              + value
              + ", expected finite values");
    }
  }

  /** Scales of binary16 for the largest kept values, or null where these have none. */
  private static float @Nullable [] scales(FloatMatrix dense, BitSet kept) {
    float[] scales = new float[dense.rows()];
    for (int at = kept.nextSetBit(0); at >= 0; at = kept.nextSetBit(at + 1)) {
      requireFinite(dense, at);
      int row = at / dense.columns();
      scales[row] = Math.max(scales[row], Math.abs(dense.data()[at]));
    }
    for (int row = 0; row < scales.length; row++) {
      float scale = FloatStorage.round(scales[row] / LARGEST_CODE, DType.F16);
      if (scales[row] > 0 && !(scale >= SMALLEST_SCALE && scale <= FLOAT16_LARGEST)) {
        return null;
      }
      scales[row] = scale;
    }
    return scales;
  }

  private static SparseMatrix ofBytes(FloatMatrix dense, BitSet kept, float[] scales) {
    int[] rowStarts = new int[dense.rows() + 1];
    int[] columns = new int[kept.cardinality()];
    float[] values = new float[columns.length];
    int count = 0;
    for (int row = 0; row < dense.rows(); row++) {
      int first = row * dense.columns();
      for (int at = kept.nextSetBit(first);
          at >= 0 && at < first + dense.columns();
          at = kept.nextSetBit(at + 1)) {
        int code = code(dense.data()[at], scales[row]);
        if (code != 0) {
          columns[count] = at - first;
          values[count] = code * scales[row];
          count++;
        }
      }
      rowStarts[row + 1] = count;
    }
    return new SparseMatrix(
        dense.rows(),
        dense.columns(),
        rowStarts,
        Arrays.copyOf(columns, count),
        Arrays.copyOf(values, count),
        DType.I8,
        scales);
  }

  private static int code(float value, float scale) {
    return scale == 0 ? 0 : (int) Math.clamp(Math.rint(value / scale), -LARGEST_CODE, LARGEST_CODE);
  }

  private static void requireValueType(DType stored) {
    if (stored != DType.F16 && stored != DType.F32 && stored != DType.I8) {
      throw new IllegalArgumentException("stored: " + stored + ", expected F16, F32 or I8");
    }
  }

  private static float round(float value, DType type) {
    return FloatStorage.round(value, type);
  }

  /**
   * Reads the stored form.
   *
   * @param rows output features
   * @param columnCount input features
   * @param parts {@code row_starts} I32 [rows + 1], {@code columns} U16 or I32 [n] and {@code
   *     values} F16 or F32 [n]; or {@code values} I8 [n], {@code scales} F16 [rows] and places
   * @return the matrix
   * @throws IllegalArgumentException if a part is missing or has another type or length, or the row
   *     starts or columns are not in order and range
   */
  public static SparseMatrix read(int rows, int columnCount, Map<String, Tensor> parts) {
    if (parts.containsKey(SCALES)) {
      return readBytes(rows, columnCount, parts);
    }
    int[] starts = part(parts, ROW_STARTS, DType.I32).toIntArray();
    int[] columns = integers(part(parts, COLUMNS, DType.U16, DType.I32));
    Tensor values = part(parts, VALUES, DType.F16, DType.F32);
    if (starts.length != rows + 1
        || starts[0] != 0
        || starts[rows] != columns.length
        || values.shape().elementCount() != columns.length) {
      throw new IllegalArgumentException(
          "sparse matrix: "
              + starts.length
              + " row starts, "
              + columns.length
              + " columns and "
              + values.shape().elementCount()
              + " values do not make a ["
              + rows
              + ", "
              + columnCount
              + "] matrix");
    }
    for (int row = 0; row < rows; row++) {
      if (starts[row + 1] < starts[row] || starts[row + 1] > columns.length) {
        throw new IllegalArgumentException(
            "sparse matrix: row " + row + " ends at " + starts[row + 1] + " before it starts");
      }
      for (int i = starts[row]; i < starts[row + 1]; i++) {
        if (columns[i] < 0
            || columns[i] >= columnCount
            || i > starts[row] && columns[i] <= columns[i - 1]) {
          throw new IllegalArgumentException(
              "sparse matrix: column "
                  + columns[i]
                  + " in row "
                  + row
                  + " is out of order or range 0 to "
                  + (columnCount - 1));
        }
      }
    }
    return new SparseMatrix(
        rows, columnCount, starts, columns, values.toFloatArray(), values.dtype());
  }

  private static SparseMatrix readBytes(int rows, int columnCount, Map<String, Tensor> parts) {
    float[] scales = part(parts, SCALES, DType.F16).toFloatArray();
    float[] values = part(parts, VALUES, DType.I8).toFloatArray();
    SparsePlaces places = SparsePlaces.read(rows, columnCount, values.length, parts);
    if (scales.length != rows) {
      throw new IllegalArgumentException(
          "sparse matrix: "
              + scales.length
              + " scales, expected one for each of "
              + rows
              + " rows");
    }
    int[] starts = places.rowStarts();
    for (int row = 0; row < rows; row++) {
      for (int i = starts[row]; i < starts[row + 1]; i++) {
        values[i] *= scales[row];
      }
    }
    return new SparseMatrix(rows, columnCount, starts, places.columns(), values, DType.I8, scales);
  }

  private static int[] integers(Tensor tensor) {
    if (tensor.dtype() == DType.I32) {
      return tensor.toIntArray();
    }
    // Whole numbers of 16 bits are exact in a float.
    float[] values = tensor.toFloatArray();
    int[] result = new int[values.length];
    for (int i = 0; i < result.length; i++) {
      result[i] = (int) values[i];
    }
    return result;
  }

  private static Tensor part(Map<String, Tensor> parts, String name, DType... allowed) {
    Tensor part = parts.get(name);
    if (part == null) {
      throw new IllegalArgumentException(
          "sparse part '" + name + "' is missing, found " + parts.keySet());
    }
    for (DType dtype : allowed) {
      if (part.dtype() == dtype) {
        return part;
      }
    }
    throw new IllegalArgumentException(
        part + ": expected element type " + Arrays.toString(allowed));
  }

  /**
   * The stored form.
   *
   * @return the tensors that {@link #read} takes
   */
  public SequencedMap<String, Tensor> parts() {
    SequencedMap<String, Tensor> parts = new LinkedHashMap<>();
    if (scales != null) {
      parts.putAll(new SparsePlaces(columnCount, rowStarts, columns).parts());
      byte[] codes = new byte[values.length];
      short[] bits = new short[rows];
      for (int row = 0; row < rows; row++) {
        bits[row] = HalfPrecision.toFloat16(scales[row]);
        for (int i = rowStarts[row]; i < rowStarts[row + 1]; i++) {
          codes[i] = (byte) code(values[i], scales[row]);
        }
      }
      parts.put(VALUES, Tensor.ofBytes(DType.I8, Shape.of(codes.length), codes));
      parts.put(SCALES, Tensor.ofShorts(DType.F16, Shape.of(rows), bits));
      return parts;
    }
    parts.put(ROW_STARTS, Tensor.ofInts(Shape.of(rowStarts.length), rowStarts.clone()));
    Shape shape = Shape.of(columns.length);
    if (hasShortColumns()) {
      short[] narrow = new short[columns.length];
      for (int i = 0; i < narrow.length; i++) {
        narrow[i] = (short) columns[i];
      }
      parts.put(COLUMNS, Tensor.ofShorts(DType.U16, shape, narrow));
    } else {
      parts.put(COLUMNS, Tensor.ofInts(shape, columns.clone()));
    }
    if (stored == DType.F16) {
      short[] bits = new short[values.length];
      for (int i = 0; i < bits.length; i++) {
        bits[i] = HalfPrecision.toFloat16(values[i]);
      }
      parts.put(VALUES, Tensor.ofShorts(DType.F16, shape, bits));
    } else {
      parts.put(VALUES, Tensor.ofFloats(shape, values.clone()));
    }
    return parts;
  }

  private boolean hasShortColumns() {
    return columnCount <= 1 << 16;
  }

  /**
   * The output features.
   *
   * @return rows of the matrix
   */
  public int rows() {
    return rows;
  }

  /**
   * The input features.
   *
   * @return columns of the matrix
   */
  public int columns() {
    return columnCount;
  }

  /**
   * The stored elements.
   *
   * @return how many
   */
  public int count() {
    return values.length;
  }

  /**
   * Where a row starts.
   *
   * @param row from 0 to {@code rows()}
   * @return number of its first element
   */
  public int rowStart(int row) {
    return rowStarts[row];
  }

  /**
   * The column of an element.
   *
   * @param element from 0 to {@code count() - 1}
   * @return its column
   */
  public int column(int element) {
    return columns[element];
  }

  /**
   * An element.
   *
   * @param element from 0 to {@code count() - 1}
   * @return its value, as it is stored
   */
  public float value(int element) {
    return values[element];
  }

  /**
   * Whether another matrix has the same elements at the same places, however they are stored.
   *
   * @param other a matrix
   * @return true if both stand for the same numbers
   */
  public boolean hasSameElements(SparseMatrix other) {
    return rows == other.rows
        && columnCount == other.columnCount
        && Arrays.equals(rowStarts, other.rowStarts)
        && Arrays.equals(columns, other.columns)
        && Arrays.equals(values, other.values);
  }

  /**
   * How values are stored.
   *
   * @return F16, F32, or I8 with a scale for each row
   */
  public DType valueType() {
    return stored;
  }

  /**
   * Adds one row to a dense row.
   *
   * @param row from 0
   * @param target what is added to
   * @param offset position of the row's first element
   * @throws IndexOutOfBoundsException if there is no such row or the target is too short
   */
  public void addRow(int row, float[] target, int offset) {
    Objects.checkIndex(row, rows);
    Objects.checkFromIndexSize(offset, columnCount, target.length);
    for (int i = rowStarts[row]; i < rowStarts[row + 1]; i++) {
      target[offset + columns[i]] += values[i];
    }
  }

  /**
   * The size of row starts, columns and values.
   *
   * @return bits
   */
  public long storageBits() {
    if (scales != null) {
      return new SparsePlaces(columnCount, rowStarts, columns).storageBits()
          + (long) Byte.SIZE * values.length
          + (long) Short.SIZE * rows;
    }
    return storageBits(rows, columnCount, values.length, stored);
  }

  /**
   * The size of a matrix that does not exist yet.
   *
   * @param rows outputs
   * @param columns inputs
   * @param elements how many elements are stored
   * @param stored how values are stored
   * @return bits
   */
  public static long storageBits(int rows, int columns, long elements, DType stored) {
    if (stored == DType.I8) {
      return SparsePlaces.storageBits(rows, columns, elements)
          + Byte.SIZE * elements
          + (long) Short.SIZE * rows;
    }
    long position = columns <= 1 << 16 ? Short.SIZE : Integer.SIZE;
    return Integer.SIZE * (rows + 1L) + elements * (position + stored.bits());
  }

  /** Shape and number of elements, for example {@code SparseMatrix[256, 768] of 983}. */
  @Override
  public String toString() {
    return "SparseMatrix[" + rows + ", " + columnCount + "] of " + values.length;
  }
}
