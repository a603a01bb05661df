// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.kernel.IntegerArithmetic;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IntegerKernelsTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions OPTIONS = KernelOptions.defaults();

  static void assertExact(
      QuantizedMatrix weights,
      ActivationQuantizer activations,
      LinearKernel kernel,
      float[] x,
      int tokens,
      SeededRandom random) {
    LinearKernel scalar =
        Kernels.forMatrix(weights, activations, KernelOptions.defaults().withProvider("scalar"));
    float[] expected = new float[tokens * weights.rows()];
    float[] actual = new float[tokens * weights.rows()];
    scalar.multiply(x, 0, tokens, expected, 0);
    kernel.multiply(x, 0, tokens, actual, 0);
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        assertEquals(
            expected[i],
            actual[i],
            random
                + ", "
                + kernel.describe()
                + ", token "
                + i / weights.rows()
                + ", row "
                + i % weights.rows());
      }
    }
  }

  /** All families that can multiply a pair, on two different inputs each. */
  private static void assertAllFamiliesExact(
      QuantizedMatrix weights,
      ActivationQuantizer activations,
      float[] x,
      int tokens,
      SeededRandom random) {
    IntegerArithmetic arithmetic = IntegerArithmetic.of(weights, activations).orElseThrow();
    for (Family family : Family.values()) {
      if (family.supports(arithmetic)) {
        LinearKernel kernel =
            IntegerKernels.create(weights, activations, arithmetic, family, OPTIONS);
        assertExact(weights, activations, kernel, x, tokens, random);
      }
    }
  }

  private static int[] tokenCounts(int tokens) {
    return tokens == 1 ? new int[] {1} : new int[] {1, tokens};
  }

  @ParameterizedTest
  @CsvSource({
    "int1:g128:sym, 40, 256",
    "int1:channel:asym, 65, 200",
    "int2:g128:sym, 70, 384",
    "int2:g32:asym, 33, 160",
    "int2:g128:asym, 97, 640",
    "int2:g64:sym, 65, 192",
    "int1:g64:asym, 129, 192",
    "int1:g48:sym, 20, 96",
    "int3:g128:sym, 130, 256",
    "int3:g64:asym, 20, 192",
    "int4:g128:sym, 64, 512",
    "int4:g128:asym, 100, 384",
    "int4:g96:sym, 50, 288",
    "int4:g20:asym, 35, 100",
    "int4:g6:sym, 17, 36",
    "int4:tensor:sym, 64, 320",
    "int4:block(16x64):sym, 40, 200",
    "int5:g32:asym, 40, 128",
    "int6:channel:sym, 33, 77",
    "int7:g64:sym, 64, 192",
    "int8:g32:sym, 64, 96",
    "int8:channel:sym, 70, 1001",
    "int8:g128:asym, 33, 256",
    "binary:g64:sym, 70, 256",
    "binary:tensor:sym, 129, 1000",
    "ternary:channel:sym, 66, 515",
    "ternary:g128:sym, 64, 256",
    "'levels(-2,-1,0,1,2):g64:sym', 40, 128",
    "'levels(-6,-2,2,6):g32:sym', 40, 128",
    "'levels(-6,-2,2,6):g64:sym', 40, 128",
    "int4:g64:sym:i8row, 70, 256",
    "int4:g32:asym:i8row, 33, 192",
    "int2:g16:sym:i8row, 40, 160",
  })
  void agreesWithTheDefinition(String scheme, int rows, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + rows);
    int tokens = 7;
    for (Samples.Draw draw : Samples.Draw.values()) {
      QuantizedMatrix weights = Samples.matrix(scheme, rows, columns, draw, random);
      for (boolean symmetric : new boolean[] {true, false}) {
        for (int count : tokenCounts(tokens)) {
          assertAllFamiliesExact(
              weights,
              Samples.dynamic("int8", "token", symmetric),
              random.gaussians(count * columns),
              count,
              random);
          assertAllFamiliesExact(
              weights,
              Samples.fixed("int8", symmetric ? 0 : -128),
              Samples.integers(count * columns, -128, 128, draw, random),
              count,
              random);
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g128:sym, int8, g128, 512",
    "int4:g64:asym, int4, token, 192",
    "int8:channel:sym, int8, token, 77",
  })
  void agreesWhereTheLargestValuesClip(
      String scheme, String format, String granularity, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + columns);
    QuantizedMatrix weights =
        Samples.matrix(scheme, 40, columns, Samples.Draw.values()[0], random);
    for (boolean symmetric : new boolean[] {true, false}) {
      assertAllFamiliesExact(
          weights,
          Samples.dynamic(format, granularity, symmetric).withClipRatio(0.8),
          random.gaussians(6 * columns),
          6,
          random);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g128:sym, int8, g128, 512",
    "int4:g128:sym, int8, g64, 256",
    "int4:g64:asym, int8, g128, 256",
    "int2:g64:sym, int8, g32, 256",
    "int8:channel:sym, int8, g96, 288",
    "int4:g32:sym:i8row, int8, g64, 256",
    "int4:g128:sym, int4, token, 256",
    "int8:channel:sym, int4, token, 130",
    "int3:g64:sym, int6, token, 128",
    "int1:g128:sym, int2, token, 256",
    "int2:g128:sym, int2, token, 256",
    "int2:g64:asym, int4, token, 192",
    "int1:channel:asym, int1, token, 100",
    "binary:channel:sym, int3, token, 100",
    "binary:channel:sym, binary, token, 100",
    "ternary:channel:sym, ternary, token, 100",
    "int4:g128:sym, ternary, token, 256",
  })
  void agreesForAllActivationSchemes(
      String scheme, String format, String granularity, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + columns);
    int rows = 75;
    int tokens = 6;
    boolean integer = format.startsWith("int");
    for (Samples.Draw draw : Samples.Draw.values()) {
      QuantizedMatrix weights = Samples.matrix(scheme, rows, columns, draw, random);
      for (boolean symmetric : integer ? new boolean[] {true, false} : new boolean[] {true}) {
        if (symmetric && format.equals("int1")) {
          // Its largest value is 0, so that there is no symmetric scale.
          continue;
        }
        assertAllFamiliesExact(
            weights,
            Samples.dynamic(format, granularity, symmetric),
            random.gaussians(tokens * columns),
            tokens,
            random);
      }
    }
  }
}
