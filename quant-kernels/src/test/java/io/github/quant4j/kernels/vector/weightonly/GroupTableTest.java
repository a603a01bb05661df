// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GroupTableTest {
  private static final int ROWS = WordTiles.ROWS;

  private static void assertBits(float expected, float found, String place) {
    assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(found), place);
  }

  @ParameterizedTest
  @CsvSource({"70, 1, 8", "1, 3, 8", "200, 5, 16", "64, 4, 16", "129, 2, 24"})
  void productsAreDecodedInEveryWay(int rows, int numbers, int span) {
    SeededRandom random = new SeededRandom(rows);
    int groups = numbers * span;
    float[] number = new float[rows * numbers];
    for (int i = 0; i < number.length; i++) {
      short bits =
          HalfPrecision.toFloat16((float) (random.nextGaussian() * Math.pow(10, i % 9 - 7)));
      number[i] = HalfPrecision.fromFloat16(bits);
    }
    byte[] factor = new byte[rows * groups];
    for (int i = 0; i < factor.length; i++) {
      factor[i] = (byte) random.nextInt(-128, 128);
    }
    ParameterTable halves = ParameterTable.of(rows, numbers, (r, n) -> number[r * numbers + n]);
    ProductTable table =
        ProductTable.of(
            halves,
            rows,
            groups,
            span,
            (row, target) -> System.arraycopy(factor, row * groups, target, 0, groups));
    assertEquals(groups, table.groups());
    float[] chunk = new float[3 + TileProduct.CHUNK * ROWS];
    float[] plain = new float[2 + ROWS];
    float[] two = new float[1 + 2 * Lanes.FLOATS];
    int[] stored = new int[ROWS];
    for (int tile = 0; tile * ROWS < rows; tile++) {
      for (int group = 0; group < groups; group++) {
        int inChunk = group % TileProduct.CHUNK;
        if (inChunk == 0) {
          table.decode(tile, group, TileProduct.CHUNK, chunk, 3);
        }
        table.decodePlain(tile, group, stored, plain, 2);
        for (int i = 0; i < ROWS; i++) {
          int row = tile * ROWS + i;
          float expected =
              row < rows ? number[row * numbers + group / span] * factor[row * groups + group] : 0;
          String place = "row " + row + ", group " + group + ", " + random;
          assertBits(expected, chunk[3 + inChunk * ROWS + i], place);
          assertBits(expected, plain[2 + i], place);
          int vector = i / Lanes.FLOATS;
          if (i % Lanes.FLOATS == 0 && vector % 2 == 0) {
            table.load(tile, group, vector, two, 1);
          }
          assertBits(expected, two[1 + i % (2 * Lanes.FLOATS)], place);
        }
      }
    }
  }

  /** Sums in vectors and in plain loops are the same bits, and near those in double. */
  @ParameterizedTest
  @CsvSource({"70, 1, 8", "200, 5, 16", "64, 4, 16", "129, 2, 24", "65, 3, 0", "30, 20, 0"})
  void productsAreAdded(int rows, int numbers, int span) {
    SeededRandom random = new SeededRandom(rows);
    ParameterTable halves =
        ParameterTable.of(rows, numbers, (r, n) -> (1 + (r * 31 + n * 7) % 64) / 32f);
    int groups = numbers * Math.max(1, span);
    GroupTable table =
        span == 0
            ? halves
            : ProductTable.of(halves, rows, groups, span, (r, target) -> fill(r, target));
    byte[] factors = new byte[groups];
    float[] values = random.gaussians(groups);
    float[] scratch = new float[TileProduct.CHUNK * ROWS];
    for (int tile = 0; tile * ROWS < rows; tile++) {
      float[] start = random.gaussians(ROWS);
      float[] sums = start.clone();
      float[] plain = start.clone();
      table.addProducts(tile, values, scratch, sums);
      table.addProductsPlain(tile, values, new int[ROWS], scratch, plain);
      assertArrayEquals(sums, plain, random.toString());
      for (int i = 0; i < ROWS && tile * ROWS + i < rows; i++) {
        int row = tile * ROWS + i;
        fill(row, factors);
        double sum = start[i];
        double bound = Math.abs(start[i]);
        for (int g = 0; g < groups; g++) {
          double number = (1 + (row * 31 + g / Math.max(1, span) * 7) % 64) / 32.0;
          double product = number * (span == 0 ? 1 : factors[g]) * values[g];
          sum += product;
          bound += Math.abs(product);
        }
        assertEquals(sum, sums[i], (groups + 2) * 0x1p-24 * bound, "row " + row);
      }
    }
  }

  private static void fill(int row, byte[] factors) {
    for (int g = 0; g < factors.length; g++) {
      factors[g] = (byte) (row * 37 + g * 11);
    }
  }

  @Test
  void onlyHalvesAreFactored() {
    ParameterTable floats = ParameterTable.of(3, 2, (row, group) -> 1 / 3f);
    assertThrows(
        IllegalArgumentException.class,
        () -> ProductTable.of(floats, 3, 16, 8, (row, target) -> {}));
    ParameterTable halves = ParameterTable.of(3, 2, (row, group) -> 1.5f);
    assertThrows(
        IllegalArgumentException.class,
        () -> ProductTable.of(halves, 3, 24, 8, (row, target) -> {}));
    assertThrows(
        IllegalArgumentException.class,
        () -> ProductTable.of(halves, 3, 8, 4, (row, target) -> {}));
  }
}
