// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.format.NumberFormats;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.Allocation;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fast kernels in plain Java against exact values, and against the simple ones. */
class PanelKernelsTest {
  private static final KernelOptions ONE = KernelOptions.defaults().withProvider("scalar");
  private static final int CALLS = 100;
  private static final int[] TOKENS = {1, 3, 4, 21, 70};

  /** Products are held against sums in double of the values that the codes stand for. */
  private static void assertProduct(
      QuantizedMatrix matrix, LinearKernel kernel, int tokens, SeededRandom random) {
    Grid grid = matrix.grid();
    int in = matrix.columns();
    int out = matrix.rows();
    float[] x = random.gaussians(3 + tokens * in);
    float[] y = new float[2 + tokens * out + 3];
    Arrays.fill(y, Float.NaN);
    kernel.multiply(x, 3, tokens, y, 2);
    int width = Math.min(128, Math.min(in, grid.layout().blockColumns()));
    double steps = width / 4.0 + Math.ceilDiv(in, width) + 12;
    for (int row = 0; row < out; row++) {
      for (int t = 0; t < tokens; t++) {
        double sum = 0;
        double magnitude = 0;
        for (int k = 0; k < in; k++) {
          int tile = grid.layout().index(row, k);
          double level = grid.palette().format(tile).decode(matrix.codes().get(row, k));
          double input = (double) x[3 + t * in + k] * grid.scale(tile);
          sum += input * (level - grid.zeroPoint(tile));
          magnitude += Math.abs(input) * (Math.abs(level) + Math.abs(grid.zeroPoint(tile)));
        }
        assertEquals(
            sum,
            y[2 + t * out + row],
            steps * 0x1p-24 * magnitude,
            kernel.describe() + ", token " + t + " of " + tokens + ", row " + row + ", " + random);
      }
    }
    for (int i : new int[] {0, 1, y.length - 3, y.length - 2, y.length - 1}) {
      assertTrue(Float.isNaN(y[i]), "written outside the output");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym, 67, 96",
    "int4:g64:asym, 300, 192",
    "int4:channel:sym, 33, 45",
    "int4:tensor:asym, 257, 39",
    "int3:g64:asym, 40, 128",
    "int2:g32:asym, 70, 96",
    "int1:channel:asym, 30, 61",
    "int5:g20:sym, 67, 100",
    "int8:g7:asym, 67, 98",
    "int8:channel:sym, 1, 1100",
    "ternary:g64, 65, 128",
    "nf4:g64, 270, 128",
    "nf4:g3, 67, 42",
    "nf4:g5, 67, 45",
    "nf4:channel, 67, 135",
    "e1m2:g32, 40, 64",
    "e3m0:g16, 40, 64",
    "mxfp4, 67, 96",
    "nvfp4, 267, 96",
    "mxfp6e2m3, 40, 96",
    "mxfp6e3m2, 40, 96",
    "mxfp8, 40, 96",
    "fp8e4m3:channel, 40, 53",
    "fp8e5m2:g33, 40, 66",
    "e6m1:channel, 40, 64",
    "int4:column:sym, 40, 60",
    "nf4:column(20), 300, 31",
    "int4:block(32x64):asym, 270, 100",
    "'levels(-7,-1,0.25,1,9.1):g32', 40, 64",
  })
  void agreesWithDoubleSums(String scheme, int out, int in) {
    SeededRandom random = new SeededRandom(out * 1000L + in);
    QuantizedMatrix matrix = RandomWeights.of(scheme, out, in, random);
    LinearKernel kernel = Kernels.forMatrix(matrix, ONE);
    assertInstanceOf(PanelFloatKernel.class, kernel);
    for (int tokens : TOKENS) {
      assertProduct(matrix, kernel, tokens, random);
    }
  }

  @Test
  void formatsThatDifferFromTileToTile() {
    SeededRandom random = new SeededRandom(3);
    List<QuantizedMatrix> matrices =
        List.of(
            RandomWeights.withCodeBooks("int4:channel", 45, 97, true, random),
            RandomWeights.withCodeBooks("int4:g32", 45, 96, true, random),
            RandomWeights.mixed("int4:g32:sym", List.of("int4", "e2m1"), 270, 96, random),
            RandomWeights.mixed("int4:g16:sym", List.of("e3m0", "e2m1"), 33, 64, random));
    for (QuantizedMatrix matrix : matrices) {
      LinearKernel kernel = Kernels.forMatrix(matrix, ONE);
      assertInstanceOf(PanelFloatKernel.class, kernel);
      for (int tokens : TOKENS) {
        assertProduct(matrix, kernel, tokens, random);
      }
    }
    QuantizedMatrix floats = RandomWeights.withCodeBooks("int4:channel", 45, 96, false, random);
    assertInstanceOf(ScalarFloatKernel.class, Kernels.forMatrix(floats, ONE));
    assertProduct(floats, Kernels.forMatrix(floats, ONE), 3, random);
  }

  /** An infinite or undefined weight must not reach other rows. */
  @Test
  void specialCodesStaySpecial() {
    SeededRandom random = new SeededRandom(8);
    QuantizedMatrix finite = RandomWeights.of("fp8e5m2:channel", 40, 67, random);
    byte[] codes = new byte[40 * 67];
    for (int row = 0; row < 40; row++) {
      finite.codes().unpackRow(row, codes, row * 67);
    }
    codes[7 * 67 + 66] = (byte) 0x7c;
    codes[11 * 67 + 2] = (byte) 0x7e;
    LinearKernel kernel = Kernels.forMatrix(QuantizedMatrix.of(finite.grid(), codes), ONE);
    for (int tokens : TOKENS) {
      float[] x = new float[tokens * 67];
      Arrays.fill(x, 1f);
      float[] y = new float[tokens * 40];
      kernel.multiply(x, 0, tokens, y, 0);
      for (int i = 0; i < y.length; i++) {
        assertEquals(i % 40 == 7, y[i] == Float.POSITIVE_INFINITY, "row " + i % 40);
        assertEquals(i % 40 == 11, Float.isNaN(y[i]), "row " + i % 40);
      }
    }
  }

  private static ActivationQuantizer activations(String format, String granularity, boolean sym) {
    if (granularity.equals("tensor")) {
      float[] zero = {sym ? 0 : -100};
      return ActivationQuantizer.fixed(
          ActivationScheme.of(NumberFormats.parse(format), ActivationGranularity.tensor(), sym),
          new float[] {0.03f},
          zero);
    }
    return ActivationQuantizer.dynamic(
        ActivationScheme.of(
            NumberFormats.parse(format),
            granularity.equals("token")
                ? ActivationGranularity.token()
                : ActivationGranularity.group(Integer.parseInt(granularity.substring(1))),
            sym));
  }

  /** To the last bit, also where sums do not fit a float any more. */
  @ParameterizedTest
  @CsvSource({
    "int4:g32:sym, int8, token, true, 300, 96",
    "int4:g64:asym, int8, token, false, 67, 192",
    "int4:g64:sym, int8, g24, false, 67, 192",
    "int8:channel:sym, int8, token, true, 259, 2500",
    "int8:channel:asym, int8, token, false, 30, 3000",
    "int8:tensor:asym, int8, tensor, false, 30, 1111",
    "int3:tensor:sym, int4, g32, true, 40, 96",
    "int4:g32:sym:i8row, int8, token, true, 270, 320",
    "int4:g16:asym:i8row, int8, g48, false, 33, 96",
    "int4:block(8x64):sym, int8, token, true, 261, 128",
    "binary:g32:sym, int8, token, true, 19, 96",
    "ternary:channel:sym, int8, token, false, 19, 96",
    "int2:g32:asym, binary, token, true, 19, 96",
    "int1:channel:asym, int1, token, false, 19, 97",
  })
  void integersAreExact(
      String scheme, String format, String granularity, boolean symmetric, int out, int in) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + in);
    QuantizedMatrix weights = RandomWeights.of(scheme, out, in, random);
    ActivationQuantizer activations = activations(format, granularity, symmetric);
    LinearKernel kernel = Kernels.forMatrix(weights, activations, ONE);
    assertInstanceOf(PanelIntegerKernel.class, kernel);
    IntegerArithmetic arithmetic = IntegerArithmetic.of(weights, activations).orElseThrow();
    LinearKernel simple = new ScalarIntegerKernel(weights, activations, arithmetic, ONE.team());
    for (int tokens : TOKENS) {
      float[] x = random.gaussians(tokens * in);
      float[] expected = new float[tokens * out];
      float[] got = new float[tokens * out];
      simple.multiply(x, 0, tokens, expected, 0);
      kernel.multiply(x, 0, tokens, got, 0);
      assertArrayEquals(expected, got, tokens + " tokens, " + random);
    }
  }

  /** The largest products that there are, all of one sign: no sum may wrap or round. */
  @Test
  void largestSumsAreExact() {
    int in = 8192;
    QuantizedMatrix any = RandomWeights.of("int8:channel:asym", 2, in, new SeededRandom(1));
    byte[] codes = new byte[2 * in];
    Arrays.fill(codes, in, 2 * in, (byte) 255);
    QuantizedMatrix weights = QuantizedMatrix.of(any.grid(), codes);
    ActivationQuantizer activations = activations("int8", "token", false);
    IntegerArithmetic arithmetic = IntegerArithmetic.of(weights, activations).orElseThrow();
    float[] x = new float[in];
    Arrays.fill(x, 1.7f);
    float[] expected = new float[2];
    float[] got = new float[2];
    new ScalarIntegerKernel(weights, activations, arithmetic, ONE.team()).multiply(x, expected);
    LinearKernel kernel = Kernels.forMatrix(weights, activations, ONE);
    assertInstanceOf(PanelIntegerKernel.class, kernel);
    kernel.multiply(x, got);
    assertArrayEquals(expected, got);
  }

  /** Sums that may exceed an int are left to the kernel that sums in long. */
  @Test
  void longerSumsAreLeftToLongs() {
    QuantizedMatrix weights = RandomWeights.of("int8:channel:asym", 1, 70_000, new SeededRandom(1));
    LinearKernel kernel = Kernels.forMatrix(weights, activations("int8", "token", false), ONE);
    assertInstanceOf(ScalarIntegerKernel.class, kernel);
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g64:asym, ''",
    "nf4:g64, ''",
    "fp8e4m3:g64, ''",
    "int4:g64:sym, int8",
    "int8:channel:asym, int8"
  })
  void threadsChangeNothingAndCallsAllocateNothing(String scheme, String format) {
    SeededRandom random = new SeededRandom(6);
    QuantizedMatrix matrix = RandomWeights.of(scheme, 600, 256, random);
    LinearKernel one = kernel(matrix, format, ONE);
    LinearKernel three = kernel(matrix, format, ONE.withTeam(WorkerTeam.ofThreads(3)));
    for (int tokens : new int[] {1, 5, 150}) {
      float[] x = random.gaussians(tokens * 256);
      float[] expected = new float[tokens * 600];
      float[] got = new float[tokens * 600];
      one.multiply(x, 0, tokens, expected, 0);
      three.multiply(x, 0, tokens, got, 0);
      assertArrayEquals(expected, got, tokens + " tokens");
      long before = Allocation.currentThreadBytes();
      for (int i = 0; i < CALLS; i++) {
        one.multiply(x, 0, tokens, got, 0);
      }
      // To ask for the number allocates as well, but once.
      long allocated = Allocation.currentThreadBytes() - before;
      assertTrue(allocated < CALLS * 32, tokens + " tokens: " + allocated + " bytes");
    }
  }

  private static LinearKernel kernel(QuantizedMatrix matrix, String format, KernelOptions options) {
    return format.isEmpty()
        ? Kernels.forMatrix(matrix, options)
        : Kernels.forMatrix(matrix, activations(format, "token", true), options);
  }
}
