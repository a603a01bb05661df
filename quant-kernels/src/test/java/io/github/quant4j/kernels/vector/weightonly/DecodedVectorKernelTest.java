// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.matrix.VectorBook;
import io.github.quant4j.matrix.VectorCodes;
import io.github.quant4j.matrix.VectorMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Vector-quantized weights with vector code against products in double. */
class DecodedVectorKernelTest {
  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));

  private static VectorMatrix matrix(
      int rows,
      int columns,
      int length,
      int bits,
      int second,
      boolean scaled,
      SeededRandom random) {
    VectorMatrix matrix = VectorMatrix.of(rows, part(rows, columns, length, bits, random));
    if (second > 0) {
      matrix = matrix.withResidual(part(rows, columns, length, second, random));
    }
    return scaled
        ? matrix.withScales(
            Arrays.copyOf(VectorBook.rounded(1, 12, random.gaussians(1 << 12)).values(), columns))
        : matrix;
  }

  private static VectorMatrix.Part part(
      int rows, int columns, int length, int bits, SeededRandom random) {
    int[] codes = new int[(rows + length - 1) / length * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = random.nextInt(0, 1 << bits);
    }
    return new VectorMatrix.Part(
        VectorBook.rounded(length, bits, random.gaussians(length << bits)),
        VectorCodes.pack(codes.length / columns, columns, bits, codes));
  }

  @ParameterizedTest
  @CsvSource({
    "67, 96, 4, 8, 0, false",
    "100, 600, 8, 12, 0, false",
    "33, 45, 6, 5, 4, true",
    "65, 260, 3, 6, 2, false",
    "700, 300, 8, 9, 4, true",
    "130, 77, 16, 10, 0, true",
    "40, 128, 1, 4, 0, false",
    "37, 64, 15, 7, 7, false",
  })
  void productsWithFewAndManyTokens(
      int rows, int columns, int length, int bits, int second, boolean scaled) {
    SeededRandom random = new SeededRandom(rows * 1000 + columns);
    VectorMatrix matrix = matrix(rows, columns, length, bits, second, scaled, random);
    float[] weights = new float[rows * columns];
    matrix.decode(0, rows, 0, columns, weights, 0, columns, 1, new int[2 * columns]);
    LinearKernel kernel =
        assertInstanceOf(DecodedVectorKernel.class, Kernels.forVectors(matrix, ONE));
    LinearKernel shared = Kernels.forVectors(matrix, THREE);
    for (int tokens : new int[] {1, 2, 5, 47, 48, 300}) {
      float[] x = random.gaussians(3 + tokens * columns);
      float[] y = new float[2 + tokens * rows + 3];
      Arrays.fill(y, Float.NaN);
      float[] again = y.clone();
      kernel.multiply(x, 3, tokens, y, 2);
      shared.multiply(x, 3, tokens, again, 2);
      assertArrayEquals(y, again, random.toString());
      for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < rows; r++) {
          double sum = 0;
          double bound = 0;
          for (int k = 0; k < columns; k++) {
            double product = (double) x[3 + t * columns + k] * weights[r * columns + k];
            sum += product;
            bound += Math.abs(product);
          }
          String place = kernel.describe() + ", " + tokens + " tokens, " + random;
          assertEquals(sum, y[2 + t * rows + r], (columns + 64) * 0x1p-24 * bound, place);
        }
      }
      for (int i : new int[] {0, 1, y.length - 3, y.length - 1}) {
        assertEquals(Float.NaN, y[i], "written outside the output");
      }
    }
  }
}
