// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.matrix;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Values in bytes with brief places. */
class SparseMatrixTest {

  private static BitSet places(SeededRandom random, int count, double share) {
    BitSet places = new BitSet();
    for (int i = 0; i < count; i++) {
      places.set(i, random.nextDouble() < share);
    }
    return places;
  }

  @ParameterizedTest
  @CsvSource({"7, 300, 0.02", "5, 513, 0.3", "3, 256, 0.1", "4, 9, 0.5", "2, 1000, 0", "3, 300, 1"})
  void bytesAreReadBackAndCounted(int rows, int columns, double share) {
    SeededRandom random = new SeededRandom(81);
    FloatMatrix dense = random.gaussianMatrix(rows, columns);
    BitSet places = places(random, rows * columns, share);
    SparseMatrix matrix = SparseMatrix.of(dense, places, DType.I8);
    long bits = 0;
    for (Tensor part : matrix.parts().values()) {
      bits += part.byteSize() * 8;
    }
    assertEquals(bits, matrix.storageBits());
    boolean isFull = share == 1;
    assertEquals(
        isFull ? bits : SparseMatrix.storageBits(rows, columns, matrix.count(), DType.I8), bits);
    // One bit for each place, or eight for each element and for each block of 256 columns.
    long masks = 8L * rows * ((columns + 7) / 8);
    long offsets = 8L * (rows * ((columns + 255) / 256) + matrix.count());
    assertEquals(
        (isFull ? masks : Math.min(masks, offsets)) + 8L * matrix.count() + 16L * rows, bits);
    SparseMatrix read = SparseMatrix.read(rows, columns, matrix.parts());
    assertTrue(matrix.hasSameElements(read));
    for (int row = 0; row < rows; row++) {
      float[] line = new float[columns];
      read.addRow(row, line, 0);
      float largest = 0;
      for (int j = 0; j < columns; j++) {
        largest =
            Math.max(largest, places.get(row * columns + j) ? Math.abs(dense.get(row, j)) : 0);
      }
      for (int j = 0; j < columns; j++) {
        float expected = places.get(row * columns + j) ? dense.get(row, j) : 0;
        assertEquals(expected, line[j], 0.51 * largest / 127 * 1.01, random::toString);
      }
    }
  }

  @Test
  void whatIsOutOfTheRangeOfBytesIsStoredOtherwise() {
    FloatMatrix dense = FloatMatrix.wrap(1, 2, new float[] {1e-9f, 1e30f});
    BitSet first = new BitSet();
    first.set(0);
    assertEquals(DType.F32, SparseMatrix.of(dense, first, DType.I8).valueType());
    BitSet second = new BitSet();
    second.set(1);
    assertEquals(DType.F32, SparseMatrix.of(dense, second, DType.I8).valueType());
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.NEGATIVE_INFINITY})
  void numbersThatAreNoneAreRefusedInAnyType(float bad) {
    FloatMatrix dense = FloatMatrix.wrap(1, 3, new float[] {1, bad, 2});
    BitSet kept = new BitSet();
    kept.set(0, 3);
    for (DType type : new DType[] {DType.I8, DType.F16, DType.F32}) {
      IllegalArgumentException refusal =
          assertThrows(IllegalArgumentException.class, () -> SparseMatrix.of(dense, kept, type));
      assertTrue(refusal.getMessage().contains("(0, 1) is " + bad), refusal.getMessage());
    }
  }

  @Test
  void damagedPlacesAreRefused() {
    SeededRandom random = new SeededRandom(82);
    FloatMatrix dense = random.gaussianMatrix(4, 40);
    for (double share : new double[] {0.05, 0.4}) {
      SparseMatrix matrix = SparseMatrix.of(dense, places(random, 160, share), DType.I8);
      for (String part : matrix.parts().keySet()) {
        Map<String, Tensor> parts = new LinkedHashMap<>(matrix.parts());
        parts.remove(part);
        assertThrows(IllegalArgumentException.class, () -> SparseMatrix.read(4, 40, parts), part);
      }
      assertThrows(IllegalArgumentException.class, () -> SparseMatrix.read(5, 40, matrix.parts()));
    }
    SparseMatrix one = SparseMatrix.of(dense, places(random, 160, 0.2), DType.F16);
    SparseMatrix other = SparseMatrix.of(dense, places(random, 160, 0.2), DType.F16);
    assertFalse(one.hasSameElements(other));
  }
}
