// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.integer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.kernel.KernelGroup;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Integer kernels as callers get them: the family is the dispatcher's choice. */
class IntegerKernelCallsTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions VECTOR = KernelOptions.defaults().withProvider("vector");

  @BeforeAll
  static void needsFusedMultiplyAdd() {
    assumeTrue(Lanes.FUSED, "integer kernels need fused multiply-add");
  }

  private static LinearKernel vector(QuantizedMatrix weights, ActivationQuantizer activations) {
    LinearKernel kernel = Kernels.forMatrix(weights, activations, VECTOR);
    assertTrue(kernel.describe().startsWith("vector"), kernel.describe());
    return kernel;
  }

  private static void assertExact(
      QuantizedMatrix weights, ActivationQuantizer activations, int tokens, SeededRandom random) {
    IntegerKernelsTest.assertExact(
        weights,
        activations,
        vector(weights, activations),
        random.gaussians(tokens * weights.columns()),
        tokens,
        random);
  }

  @ParameterizedTest
  @CsvSource({"int2", "int3", "int4", "int8"})
  void everyGranularityAndTokenCount(String format) {
    SeededRandom random = new SeededRandom(format.hashCode());
    for (String granularity : new String[] {"g32", "g64", "g128", "channel"}) {
      for (String symmetry : new String[] {"sym", "asym"}) {
        QuantizedMatrix weights =
            Samples.matrix(
                format + ":" + granularity + ":" + symmetry, 45, 384, Samples.Draw.UNIFORM, random);
        for (int tokens : new int[] {1, 2, 3, 4, 15, 16}) {
          assertExact(weights, Samples.dynamic("int8", "token", true), tokens, random);
          assertExact(weights, Samples.dynamic("int8", "g64", false), tokens, random);
        }
      }
    }
  }

  /** More segments than fit the sums between the two steps, and runs of scales across the cut. */
  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym, token, 4096",
    "int4:g32:asym, token, 4096",
    "int2:g32:asym, g64, 4096",
    "int8:g32:asym, token, 4096",
    "int4:g32:asym:i8row, g160, 3200",
    "int2:g16:sym:i8row, token, 3200",
    "ternary:g32:sym, token, 4096",
  })
  void manySegments(String scheme, String granularity, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + columns);
    QuantizedMatrix weights = Samples.matrix(scheme, 140, columns, Samples.Draw.EXTREMES, random);
    for (int tokens : new int[] {1, 2, 5}) {
      assertExact(weights, Samples.dynamic("int8", granularity, true), tokens, random);
      assertExact(weights, Samples.dynamic("int8", granularity, false), tokens, random);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int4:channel:sym, 1, 1501",
    "int8:channel:asym, 1, 1999",
    "int2:g128:sym, 1, 1024",
    "int3:g64:asym, 2, 1024",
    "int4:g2:sym, 1025, 2",
    "int8:channel:sym, 257, 5",
    "int4:channel:asym, 113, 31",
    "int8:g32:sym, 31, 96",
    "ternary:g64:sym, 2100, 64",
    "ternary:channel:sym, 4100, 203",
    "ternary:g32:sym, 4353, 32",
    "ternary:g20:sym, 300, 160",
    "'levels(-9,0,9):g64:sym', 513, 128",
  })
  void oddShapes(String scheme, int rows, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + rows);
    QuantizedMatrix weights = Samples.matrix(scheme, rows, columns, Samples.Draw.UNIFORM, random);
    for (int tokens : new int[] {1, 3, 8}) {
      assertExact(weights, Samples.dynamic("int8", "token", true), tokens, random);
      assertExact(weights, Samples.dynamic("int8", "token", false), tokens, random);
    }
  }

  @Test
  void writesItsOutputAndNothingElse() {
    SeededRandom random = new SeededRandom(77);
    int rows = 33;
    int columns = 128;
    int tokens = 131;
    int offset = 5;
    QuantizedMatrix weights =
        Samples.matrix("int4:g64:asym", rows, columns, Samples.Draw.UNIFORM, random);
    ActivationQuantizer activations = Samples.dynamic("int8", "token", true);
    float[] x = random.gaussians(tokens * columns);
    float[] shifted = new float[offset + x.length];
    System.arraycopy(x, 0, shifted, offset, x.length);
    float[] y = new float[offset + tokens * rows + offset];
    Arrays.fill(y, 12345f);
    vector(weights, activations).multiply(shifted, offset, tokens, y, offset);
    float[] expected = new float[tokens * rows];
    Kernels.forMatrix(weights, activations, VECTOR.withProvider("scalar"))
        .multiply(x, 0, tokens, expected, 0);
    assertArrayEquals(
        expected, Arrays.copyOfRange(y, offset, offset + expected.length), random.toString());
    for (int i = 0; i < offset; i++) {
      assertEquals(12345f, y[i], "before the output");
      assertEquals(12345f, y[offset + expected.length + i], "after the output");
    }
  }

  @ParameterizedTest
  @ValueSource(
      floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -0f, Float.MIN_VALUE})
  void strangeActivationsAreRoundedAsDefined(float value) {
    SeededRandom random = new SeededRandom(5);
    int columns = 256;
    QuantizedMatrix weights =
        Samples.matrix("int4:g64:asym", 40, columns, Samples.Draw.UNIFORM, random);
    for (String granularity : new String[] {"token", "g64"}) {
      for (boolean symmetric : new boolean[] {true, false}) {
        float[] x = random.gaussians(3 * columns);
        x[columns + 7] = value;
        Arrays.fill(x, 2 * columns, 3 * columns, value);
        ActivationQuantizer activations = Samples.dynamic("int8", granularity, symmetric);
        IntegerKernelsTest.assertExact(
            weights, activations, vector(weights, activations), x, 3, random);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "int8:token:sym",
        "int8:g32:asym",
        "int8:token:sym:bf16",
        "fp8e4m3:token:sym",
        "mxint8",
        "mxfp4",
        "mxfp8",
        "mxfp8:round",
        "nvfp4"
      })
  void whatIsNotANumberStaysInItsToken(String scheme) {
    SeededRandom random = new SeededRandom(scheme.hashCode());
    int columns = 128;
    QuantizedMatrix weights =
        Samples.matrix("int4:g64:sym", 40, columns, Samples.Draw.UNIFORM, random);
    ActivationQuantizer activations = ActivationQuantizer.dynamic(ActivationScheme.parse(scheme));
    float[] x = random.gaussians(3 * columns);
    float[] clean = x.clone();
    x[columns + 7] = Float.NaN;
    for (KernelOptions options : List.of(VECTOR, VECTOR.withProvider("scalar"))) {
      LinearKernel kernel = Kernels.forMatrix(weights, activations, options);
      float[] expected = new float[3 * 40];
      kernel.multiply(clean, 0, 3, expected, 0);
      float[] found = new float[3 * 40];
      kernel.multiply(x, 0, 3, found, 0);
      for (int i = 0; i < found.length; i++) {
        boolean isBad = i / 40 == 1;
        assertEquals(isBad ? Float.NaN : expected[i], found[i], kernel.describe());
      }
      assertEquals(kernel.describe(), kernel.toString());
    }
  }

  /** One token is prepared in pieces where there are tables, several are by tiles as well. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "int4:g128:sym",
        "int2:g64:asym",
        "int2:channel:sym",
        "int3:g128:sym",
        "binary:g64:sym",
        "ternary:g64:sym",
        "ternary:channel:sym",
        "int8:channel:sym"
      })
  void resultsDoNotDependOnThreads(String scheme) {
    SeededRandom random = new SeededRandom(scheme.hashCode());
    int rows = 1100;
    int columns = 2048;
    QuantizedMatrix weights = Samples.matrix(scheme, rows, columns, Samples.Draw.UNIFORM, random);
    ActivationQuantizer activations = Samples.dynamic("int8", "token", true);
    for (int tokens : new int[] {1, 5, 21}) {
      float[] x = random.gaussians(tokens * columns);
      float[] expected = new float[tokens * rows];
      vector(weights, activations).multiply(x, 0, tokens, expected, 0);
      for (int threads = 2; threads <= 4; threads++) {
        LinearKernel kernel =
            Kernels.forMatrix(weights, activations, VECTOR.withTeam(WorkerTeam.ofThreads(threads)));
        for (int call = 0; call < 20; call++) {
          float[] y = new float[tokens * rows];
          kernel.multiply(x, 0, tokens, y, 0);
          assertArrayEquals(expected, y, random + ", threads " + threads + ", call " + call);
        }
      }
    }
  }

  @Test
  void layersOfOneInputShareItsPreparation() {
    SeededRandom random = new SeededRandom(31);
    int columns = 256;
    ActivationQuantizer activations = Samples.dynamic("int8", "token", true);
    List<QuantizedMatrix> matrices =
        List.of(
            Samples.matrix("int4:g64:sym", 96, columns, Samples.Draw.UNIFORM, random),
            Samples.matrix("int4:g64:sym", 33, columns, Samples.Draw.UNIFORM, random),
            Samples.matrix("int8:g64:sym", 70, columns, Samples.Draw.UNIFORM, random));
    KernelGroup group =
        Kernels.fuse(matrices.stream().map(matrix -> vector(matrix, activations)).toList());
    assertTrue(
        group.describe().toLowerCase(Locale.ROOT).contains("vector"), () -> group.describe());
    int tokens = 3;
    float[] x = random.gaussians(tokens * columns);
    float[][] outputs = new float[matrices.size()][];
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = new float[tokens * matrices.get(i).rows()];
    }
    group.multiply(x, 0, tokens, outputs, new int[outputs.length]);
    for (int i = 0; i < outputs.length; i++) {
      float[] expected = new float[outputs[i].length];
      Kernels.forMatrix(matrices.get(i), activations, VECTOR.withProvider("scalar"))
          .multiply(x, 0, tokens, expected, 0);
      assertArrayEquals(expected, outputs[i], random + ", matrix " + i);
    }
  }

  @Test
  void ternaryCodesAreLookedUpInFoursWhereBytesCanBePermuted() {
    assumeTrue(Lanes.BYTE_PERMUTATION, "needs a permutation of bytes");
    SeededRandom random = new SeededRandom(3);
    ActivationQuantizer activations = Samples.dynamic("int8", "token", true);
    QuantizedMatrix large =
        Samples.matrix("ternary:g64:sym", 512, 128, Samples.Draw.UNIFORM, random);
    String description = vector(large, activations).describe();
    assertTrue(description.contains("four ternary digits"), description);
    QuantizedMatrix narrow =
        Samples.matrix("ternary:g64:sym", 32, 128, Samples.Draw.UNIFORM, random);
    String other = vector(narrow, activations).describe();
    assertTrue(other.contains("bit planes"), other);
  }

  @Test
  void smallMatricesAreLeftToScalarCode() {
    SeededRandom random = new SeededRandom(1);
    QuantizedMatrix weights = Samples.matrix("int4:g16:sym", 8, 64, Samples.Draw.UNIFORM, random);
    LinearKernel kernel =
        Kernels.forMatrix(weights, Samples.dynamic("int8", "token", true), VECTOR);
    assertTrue(kernel.describe().startsWith("scalar"), kernel.describe());
  }
}
