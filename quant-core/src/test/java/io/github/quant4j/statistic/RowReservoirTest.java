// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.tensor.FloatMatrix;
import org.apache.commons.math3.stat.inference.ChiSquareTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RowReservoirTest {
  /** Rows that tell where they are from. */
  private static FloatMatrix numbered(int rows) {
    FloatMatrix matrix = FloatMatrix.zeros(rows, 2);
    for (int t = 0; t < rows; t++) {
      matrix.data()[2 * t] = t;
      matrix.data()[2 * t + 1] = -t;
    }
    return matrix;
  }

  private static RowReservoir sample(FloatMatrix rows, int from, int to, int capacity) {
    RowReservoir reservoir = RowReservoir.of(2, capacity);
    for (int t = from; t < to; t++) {
      reservoir.add(rows.data(), 2 * t, t);
    }
    return reservoir;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 37, 500, 1000})
  void mergedPartsAreTheWhole(int split) {
    FloatMatrix rows = numbered(1000);
    FloatMatrix whole = sample(rows, 0, 1000, 64).rows();
    RowReservoir second = sample(rows, split, 1000, 64);
    second.merge(sample(rows, 0, split, 64));
    assertEquals(64, whole.rows());
    assertArrayEquals(whole.data(), second.rows().data());
    for (int i = 1; i < 64; i++) {
      assertTrue(whole.get(i - 1, 0) < whole.get(i, 0), "in the order of the input");
      assertEquals(-whole.get(i, 0), whole.get(i, 1), "rows stay whole");
    }
  }

  @Test
  void fewRowsAllStay() {
    FloatMatrix rows = numbered(7);
    assertArrayEquals(rows.data(), sample(rows, 0, 7, 64).rows().data());
    assertEquals(0, RowReservoir.of(2, 3).rows().rows());
  }

  @Test
  void theSampleIsUniform() {
    long[] observed = new long[16];
    double[] expected = new double[16];
    FloatMatrix chosen = sample(numbered(65536), 0, 65536, 4096).rows();
    for (int i = 0; i < chosen.rows(); i++) {
      observed[(int) chosen.get(i, 0) >>> 12]++;
    }
    java.util.Arrays.fill(expected, 256);
    double chance = new ChiSquareTest().chiSquareTest(expected, observed);
    assertTrue(chance > 0.01, () -> "p = " + chance);
  }

  @Test
  void unlikeReservoirsDoNotMerge() {
    RowReservoir reservoir = RowReservoir.of(2, 3);
    RowReservoir wider = RowReservoir.of(3, 3);
    RowReservoir larger = RowReservoir.of(2, 4);
    assertThrows(IllegalArgumentException.class, () -> reservoir.merge(wider));
    assertThrows(IllegalArgumentException.class, () -> reservoir.merge(larger));
    assertThrows(IndexOutOfBoundsException.class, () -> wider.add(new float[2], 0, 0));
    assertThrows(IllegalArgumentException.class, () -> RowReservoir.of(0, 1));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 5, 64})
  void oneInEachStretchIsHeldOut(int every) {
    HoldOut holdOut = new HoldOut(every);
    int[] places = new int[every];
    for (int stretch = 0; stretch < 2000; stretch++) {
      int held = 0;
      for (int i = 0; i < every; i++) {
        if (holdOut.contains((long) stretch * every + i)) {
          held++;
          places[i]++;
        }
      }
      assertEquals(stretch == 0 ? 0 : 1, held, "stretch " + stretch);
    }
    for (int i = 0; i < every; i++) {
      assertTrue(places[i] > 0, "place " + i + " of " + every + " is never held out");
    }
  }

  @Test
  void noneIsHeldOutIfNotWanted() {
    for (long token = 0; token < 1000; token++) {
      assertFalse(HoldOut.none().contains(token));
    }
    assertThrows(IllegalArgumentException.class, () -> new HoldOut(1));
    assertThrows(IllegalArgumentException.class, () -> new HoldOut(-64));
  }
}
