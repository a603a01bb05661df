// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.trellis;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.FloatStorage;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrellisKernelsTest {
  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));
  private static final KernelOptions SCALAR = new KernelOptions("scalar", WorkerTeam.sequential());
  private static final int[] TOKENS = {1, 2, 5, 33};

  /** A code whose signs depend on one or three bits each, or on any number. */
  private static TrellisCode code(
      int bits, int window, int planes, boolean any, SeededRandom random) {
    List<TrellisCode.Plane> list = new ArrayList<>();
    while (list.size() < planes) {
      int mask = random.nextInt(1, 1 << window);
      int count = Integer.bitCount(mask);
      boolean isNew = list.stream().noneMatch(plane -> plane.mask() == mask);
      if (isNew && (any || count == 1 || count == 3)) {
        list.add(new TrellisCode.Plane(mask, random.nextInt(1, 127 / planes + 1)));
      }
    }
    return new TrellisCode(bits, window, list);
  }

  private static TrellisMatrix matrix(
      int rows, int columns, TrellisCode code, SeededRandom random) {
    byte[] codes = new byte[TrellisMatrix.paddedRows(rows) * columns];
    for (int i = 0; i < codes.length; i++) {
      codes[i] = (byte) random.nextInt(0, 1 << code.bits());
    }
    float[] scales = new float[rows];
    for (int i = 0; i < rows; i++) {
      scales[i] = FloatStorage.round((float) (0.01 + random.nextDouble()), DType.F16);
    }
    return TrellisMatrix.pack(rows, columns, code, codes, scales);
  }

  private static ActivationQuantizer activations(boolean symmetric) {
    return ActivationQuantizer.dynamic(
        ActivationScheme.of(
            NumberFormats.parse("int8"), new ActivationGranularity.PerToken(), symmetric));
  }

  @ParameterizedTest
  @CsvSource({
    "2, 8, 3, 256, 256, false", "2, 10, 4, 128, 512, false", "2, 12, 4, 400, 130, false",
    "3, 9, 5, 33, 96, false", "4, 12, 6, 200, 77, false", "2, 16, 3, 97, 300, false",
    "1, 7, 3, 31, 200, false", "2, 8, 4, 161, 160, true", "3, 9, 2, 70, 64, true",
    "2, 10, 4, 5, 1000, false", "3, 12, 7, 140, 96, false", "4, 12, 8, 70, 330, false"
  })
  void integersAreExact(int bits, int window, int planes, int rows, int columns, boolean any) {
    SeededRandom random = new SeededRandom(rows * 31L + columns);
    TrellisMatrix weights = matrix(rows, columns, code(bits, window, planes, any, random), random);
    for (boolean symmetric : new boolean[] {true, false}) {
      ActivationQuantizer activations = activations(symmetric);
      LinearKernel expected = Kernels.forTrellis(weights, activations, SCALAR);
      LinearKernel one = Kernels.forTrellis(weights, activations, ONE);
      LinearKernel three = Kernels.forTrellis(weights, activations, THREE);
      assertEquals(!any && Lanes.BITS == 512, one.describe().startsWith("vector"), one.describe());
      for (int tokens : TOKENS) {
        float[] x = random.gaussians(2 + tokens * columns);
        float[] wanted = new float[tokens * rows];
        expected.multiply(x, 2, tokens, wanted, 0);
        for (LinearKernel kernel : List.of(one, three)) {
          float[] y = new float[3 + tokens * rows + 1];
          Arrays.fill(y, Float.NaN);
          kernel.multiply(x, 2, tokens, y, 3);
          assertArrayEquals(
              wanted,
              Arrays.copyOfRange(y, 3, y.length - 1),
              tokens + " tokens, " + kernel.describe() + ", " + random);
          assertTrue(Float.isNaN(y[2]) && Float.isNaN(y[y.length - 1]), "written outside");
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "2, 8, 3, 256, 256, false", "2, 10, 4, 128, 512, false", "2, 12, 4, 400, 130, false",
    "3, 9, 5, 33, 96, false", "4, 12, 6, 200, 77, false", "2, 16, 3, 97, 300, false",
    "1, 7, 3, 31, 200, false", "2, 8, 4, 161, 160, true", "3, 9, 2, 70, 64, true",
    "4, 8, 6, 300, 514, true", "2, 10, 4, 5, 1000, false", "3, 12, 7, 140, 96, false",
    "4, 12, 8, 70, 330, false"
  })
  void floatsAgreeWithDoubleSums(
      int bits, int window, int planes, int rows, int columns, boolean any) {
    SeededRandom random = new SeededRandom(rows * 17L + columns);
    TrellisMatrix weights = matrix(rows, columns, code(bits, window, planes, any, random), random);
    float[] decoded = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      weights.decodeRow(row, decoded, row * columns);
    }
    LinearKernel one = Kernels.forTrellis(weights, ONE);
    LinearKernel three = Kernels.forTrellis(weights, THREE);
    assertTrue(one.describe().startsWith("vector"), one.describe());
    for (int tokens : TOKENS) {
      float[] x = random.gaussians(2 + tokens * columns);
      float[] y = new float[3 + tokens * rows + 1];
      Arrays.fill(y, Float.NaN);
      one.multiply(x, 2, tokens, y, 3);
      for (int t = 0; t < tokens; t++) {
        for (int row = 0; row < rows; row++) {
          double sum = 0;
          double magnitudes = 0;
          for (int k = 0; k < columns; k++) {
            sum += (double) decoded[row * columns + k] * x[2 + t * columns + k];
            magnitudes += Math.abs(x[2 + t * columns + k]);
          }
          double most = magnitudes * weights.scales()[row] * weights.code().largestMagnitude();
          assertEquals(
              sum,
              y[3 + t * rows + row],
              (columns / 4 + 12) * 0x1p-24 * most,
              "token " + t + " of " + tokens + ", row " + row + ", " + random);
        }
      }
      assertTrue(Float.isNaN(y[2]) && Float.isNaN(y[y.length - 1]), "written outside");
      float[] again = new float[y.length];
      three.multiply(x, 2, tokens, again, 3);
      assertArrayEquals(
          Arrays.copyOfRange(y, 3, y.length - 1),
          Arrays.copyOfRange(again, 3, y.length - 1),
          "threads change nothing, " + random);
    }
  }
}
