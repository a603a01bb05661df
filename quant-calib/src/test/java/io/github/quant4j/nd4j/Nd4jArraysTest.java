// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.nd4j;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Against ND4J's own access to single elements. */
class Nd4jArraysTest {
  private static final List<DataType> TYPES =
      List.of(DataType.FLOAT, DataType.DOUBLE, DataType.FLOAT16, DataType.BFLOAT16);

  @BeforeAll
  static void backend() {
    Nd4jBackend.assume();
  }

  /** How an array comes to lie in memory as it does. */
  enum Layout {
    ROWS,
    COLUMNS,
    TRANSPOSED,
    SOME_ROWS,
    SOME_COLUMNS,
    EVERY_OTHER_COLUMN,
    BLOCK_OF_COLUMNS_FIRST,
    SLICE;

    INDArray make(SeededRandom random, DataType type, int rows, int columns) {
      return switch (this) {
        case ROWS -> gaussian(random, type, 'c', rows, columns);
        case COLUMNS -> gaussian(random, type, 'f', rows, columns);
        case TRANSPOSED -> gaussian(random, type, 'c', columns, rows).transpose();
        case SOME_ROWS ->
            gaussian(random, type, 'c', rows + 5, columns)
                .get(NDArrayIndex.interval(2, 2 + rows), NDArrayIndex.all());
        case SOME_COLUMNS ->
            gaussian(random, type, 'c', rows, columns + 5)
                .get(NDArrayIndex.all(), NDArrayIndex.interval(3, 3 + columns));
        case EVERY_OTHER_COLUMN ->
            gaussian(random, type, 'c', rows, 2L * columns)
                .get(NDArrayIndex.all(), NDArrayIndex.interval(0, 2, 2L * columns));
        case BLOCK_OF_COLUMNS_FIRST ->
            gaussian(random, type, 'f', rows + 3, columns + 2)
                .get(NDArrayIndex.interval(1, 1 + rows), NDArrayIndex.interval(2, 2 + columns));
        case SLICE -> gaussian(random, type, 'c', 3, rows, columns).slice(1);
      };
    }
  }

  static INDArray gaussian(SeededRandom random, DataType type, char order, long... shape) {
    int count = 1;
    for (long extent : shape) {
      count = Math.multiplyExact(count, Math.toIntExact(extent));
    }
    return Nd4j.create(random.gaussians(count), shape, order).castTo(type);
  }

  static Stream<Arguments> layouts() {
    return TYPES.stream()
        .flatMap(type -> Arrays.stream(Layout.values()).map(at -> Arguments.of(type, at)));
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void readsEveryLayout(DataType type, Layout layout) {
    SeededRandom random = new SeededRandom((type + " " + layout).hashCode());
    for (int round = 0; round < 4; round++) {
      int rows = random.nextInt(2, 80);
      int columns = random.nextInt(2, 80);
      INDArray array = layout.make(random, type, rows, columns);
      FloatMatrix matrix = Nd4jArrays.toMatrix(array);
      Tensor tensor = Nd4jArrays.toTensor(array);
      assertArrayEquals(new int[] {rows, columns}, new int[] {matrix.rows(), matrix.columns()});
      assertEquals(Shape.of(rows, columns), tensor.shape());
      float[] elements = tensor.toFloatArray();
      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          String where = i + ", " + j + ", " + random;
          assertEquals((float) array.getDouble(i, j), matrix.get(i, j), where);
          assertEquals(matrix.get(i, j), elements[i * columns + j], where);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void writesEveryLayoutAndNothingBesides(DataType type, Layout layout) {
    SeededRandom random = new SeededRandom((type + ", " + layout).hashCode());
    int rows = random.nextInt(2, 70);
    int columns = random.nextInt(2, 70);
    float[] values = random.gaussians(rows * columns);
    INDArray array = layout.make(random, type, rows, columns);
    double[] before = underlying(array);
    ArrayMemory.of("y", array).write(values, 0);
    INDArray rounded = Nd4j.create(values, new long[] {rows, columns}, 'c').castTo(type);
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        assertEquals(rounded.getDouble(i, j), array.getDouble(i, j), i + ", " + j + ", " + random);
      }
    }
    // All elements of the view are others now, so that there is no room for one outside.
    double[] after = underlying(array);
    long changed = 0;
    for (int i = 0; i < after.length; i++) {
      changed += before[i] == after[i] ? 0 : 1;
    }
    assertTrue(changed <= (long) rows * columns, changed + " elements changed, " + random);
  }

  /** All elements of the buffer that an array looks at, its own and others. */
  private static double[] underlying(INDArray array) {
    var bytes = array.data().asNio().order(java.nio.ByteOrder.nativeOrder());
    int size = array.dataType().width();
    double[] all = new double[bytes.capacity() / size];
    for (int i = 0; i < all.length; i++) {
      all[i] =
          switch (size) {
            case 2 -> bytes.getShort(Short.BYTES * i);
            case 4 -> bytes.getFloat(4 * i);
            default -> bytes.getDouble(8 * i);
          };
    }
    return all;
  }

  @Test
  void tensorsOfEveryRankGoThereAndBack() {
    SeededRandom random = new SeededRandom(3);
    for (DataType type : TYPES) {
      for (long[] shape : new long[][] {{7}, {3, 5}, {2, 3, 4}, {2, 1, 3, 5}}) {
        INDArray array = gaussian(random, type, 'f', shape);
        Tensor tensor = Nd4jArrays.toTensor(array);
        INDArray back = Nd4jArrays.toArray(tensor);
        assertEquals(type, back.dataType());
        assertEquals('c', back.ordering());
        assertEquals(array, back, type + Arrays.toString(shape) + ", " + random);
      }
    }
    INDArray permuted = gaussian(random, DataType.FLOAT, 'c', 3, 4, 5).permute(2, 0, 1);
    assertEquals(permuted, Nd4jArrays.toArray(Nd4jArrays.toTensor(permuted)));
  }

  @Test
  void otherTensorsBecomeFloats() {
    INDArray array = Nd4jArrays.toArray(Tensor.ofInts(Shape.of(2, 2), new int[] {1, -2, 3, 4}));
    assertEquals(DataType.FLOAT, array.dataType());
    assertEquals(-2, array.getDouble(0, 1));
    assertEquals(3, array.getDouble(1, 0));
    assertEquals(DType.F64, Nd4jArrays.toTensor(array.castTo(DataType.DOUBLE)).dtype());
  }

  @ParameterizedTest
  @EnumSource(Layout.class)
  void matricesGoThereAndBack(Layout layout) {
    SeededRandom random = new SeededRandom(layout.name().hashCode());
    INDArray array = layout.make(random, DataType.FLOAT, 6, 9);
    assertEquals(array, Nd4jArrays.toArray(Nd4jArrays.toMatrix(array)));
  }

  @Test
  void denseLayersAreTransposed() {
    SeededRandom random = new SeededRandom(5);
    INDArray weights = gaussian(random, DataType.FLOAT, 'f', 5, 3);
    INDArray bias = gaussian(random, DataType.DOUBLE, 'c', 1, 3);
    LinearLayer layer = Nd4jArrays.denseLayer(weights, bias);
    assertEquals(3, layer.weights().rows());
    for (int out = 0; out < 3; out++) {
      for (int in = 0; in < 5; in++) {
        assertEquals(weights.getFloat(in, out), layer.weights().get(out, in));
      }
      assertEquals(bias.getFloat(0, out), layer.bias().orElseThrow()[out]);
    }
    assertTrue(Nd4jArrays.denseLayer(weights).bias().isEmpty());
    assertArrayEquals(
        layer.bias().orElseThrow(), Nd4jArrays.toVector(bias.reshape(3).castTo(DataType.FLOAT)));
  }

  private static void assertRefused(Executable call, String... words) {
    String message = assertThrows(IllegalArgumentException.class, call).getMessage();
    for (String word : words) {
      assertTrue(message.contains(word), message);
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    INDArray cube = Nd4j.zeros(DataType.FLOAT, 2, 3, 4);
    INDArray matrix = Nd4j.zeros(DataType.FLOAT, 2, 3);
    assertRefused(() -> Nd4jArrays.toMatrix(cube), "array: shape [2, 3, 4], expected rank 2");
    assertRefused(() -> Nd4jArrays.denseLayer(cube), "weights: shape [2, 3, 4]");
    assertRefused(() -> Nd4jArrays.toVector(matrix), "shape [2, 3], expected a vector");
    assertRefused(
        () -> Nd4jArrays.toMatrix(matrix.castTo(DataType.INT32)), "type INT, expected FLOAT");
    assertRefused(
        () -> Nd4jArrays.toMatrix(Nd4j.empty(DataType.FLOAT).reshape(0, 3)), "at least one");
    assertRefused(
        () -> Nd4jArrays.denseLayer(matrix, Nd4j.zeros(DataType.FLOAT, 2)),
        "bias: shape [2], expected [3]",
        "[2, 3]");
    assertRefused(() -> Nd4jArrays.toArray(FloatMatrix.zeros(0, 3)), "at least one");
    matrix.putScalar(0, 1, Float.NaN);
    assertRefused(() -> Nd4jArrays.denseLayer(matrix), "element (1, 0) is NaN");
    matrix.close();
    assertRefused(() -> Nd4jArrays.toMatrix(matrix), "closed");
  }
}
