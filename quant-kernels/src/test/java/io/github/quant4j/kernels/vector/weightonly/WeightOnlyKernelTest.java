// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.MiniFloat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.kernel.KernelGroup;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.FloatScaleCodec;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightOnlyKernelTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));

  /** The class's bound on what a code can be in the arithmetic of its family. */
  private static double largest(Grid grid, int row, int column) {
    int tile = grid.layout().index(row, column);
    NumberFormat format = grid.palette().format(tile);
    double zero = Math.abs(grid.zeroPoint(tile));
    double span = (double) format.maximum() - format.minimum();
    double step =
        LevelGrid.of(format.decodeTable()).map(levels -> (double) levels.step()).orElse(0.0);
    return step > 0
        ? 2 * (span + zero + step)
        : Math.max(Math.abs(format.minimum()), format.maximum()) + zero;
  }

  private static void assertProduct(
      QuantizedMatrix matrix, LinearKernel kernel, int tokens, SeededRandom random) {
    int in = matrix.columns();
    int out = matrix.rows();
    float[] x = random.gaussians(3 + tokens * in);
    // An offset in the inputs shows what a wrong zero point does; an outlier, what rounding does.
    for (int i = 0; i < x.length; i++) {
      x[i] += i % 97 == 5 ? 300f : 0.5f;
    }
    float[] y = new float[2 + tokens * out + 3];
    Arrays.fill(y, Float.NaN);
    kernel.multiply(x, 3, tokens, y, 2);
    int groups = matrix.grid().layout().scaleColumns();
    boolean few = tokens <= TokenVectors.MOST;
    double r = few ? Math.ceilDiv(in, groups) + groups + 8 : 262 + in / 256.0 + 64;
    for (int row = 0; row < out; row++) {
      float[] weights = new float[in];
      matrix.dequantizeRow(row, weights, 0);
      for (int t = 0; t < tokens; t++) {
        double sum = 0;
        double bound = 0;
        for (int k = 0; k < in; k++) {
          double input = x[3 + t * in + k];
          int tile = matrix.grid().layout().index(row, k);
          sum += weights[k] * input;
          bound +=
              few
                  ? Math.abs(input) * matrix.grid().scale(tile) * largest(matrix.grid(), row, k)
                  : Math.abs(input * weights[k]);
        }
        assertEquals(
            sum,
            y[2 + t * out + row],
            r * 0x1p-24 * 1.001 * bound + 1e-30,
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
    "int4:g128:asym, 100, 256",
    "int4:channel:sym, 33, 45",
    "int4:tensor:asym, 65, 39",
    "int3:g64:asym, 40, 128",
    "int2:g32:asym, 70, 96",
    "int2:channel:sym, 33, 77",
    "int1:g64:sym, 64, 128",
    "int1:channel:asym, 30, 61",
    "int5:g32:sym, 67, 96",
    "int6:g64:asym, 67, 128",
    "int7:channel:sym, 34, 53",
    "int8:g32:asym, 67, 96",
    "int8:channel:sym, 1, 1100",
    "ternary:g64, 65, 128",
    "binary:channel, 65, 130",
    "nf4:g64, 67, 128",
    "nf4:channel, 67, 43",
    "fp4e2m1:g32, 67, 96",
    "e2m1:channel, 40, 37",
    "e1m2:g32, 40, 64",
    "e3m0:g16, 40, 64",
    "mxfp4, 67, 96",
    "nvfp4, 67, 96",
    "nvfp4, 130, 48",
    "mxfp4, 65, 160",
    "nvfp4, 1, 1024",
    "mxfp6e2m3, 40, 96",
    "mxfp6e3m2, 40, 96",
    "mxfp8, 40, 96",
    "mxfp8e5m2, 40, 96",
    "mxint8, 40, 96",
    "fp8e4m3:channel, 40, 53",
    "fp8e5m2:g64, 40, 64",
    "e3m4:g32, 40, 64",
    "e2m5:g32, 40, 64",
    "e2m4:g32, 40, 64",
    "e3m1:g32, 40, 64",
    "e4m2:channel, 40, 64",
    "e5m1:channel, 40, 64",
    "e6m1:channel, 40, 64",
    "e4m3fnuz:g32, 40, 64",
    "int4:g20:asym, 40, 60",
    "int4:g12:sym, 40, 96",
    "int4:column:sym, 40, 60",
    "nf4:column(20), 40, 60",
    "int4:block(32x64):sym, 70, 100",
    "int8:block(16x24):sym, 70, 100",
    "'levels(-3,-1.5,0,2,5):g32', 40, 64",
    "'levels(-7,-1,0.25,1,9.1):g32', 40, 64",
    "int4:g2048:sym, 5, 4096"
  })
  void agreesWithDoubleSums(String scheme, int out, int in) {
    QuantScheme parsed = QuantScheme.parse(scheme);
    SeededRandom random = new SeededRandom(out * 1000L + in);
    QuantizedMatrix matrix = RandomMatrices.of(parsed, out, in, random);
    LinearKernel kernel = Kernels.forMatrix(matrix, ONE);
    assertTrue(kernel.describe().startsWith("vector"), kernel.describe());
    for (int tokens : new int[] {1, 2, 5, 7, 16, 50}) {
      assertProduct(matrix, kernel, tokens, random);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void randomShapesAndSchemes(long seed) {
    SeededRandom random = new SeededRandom(seed);
    String[] formats = {
      "int1", "int2", "int3", "int4", "int5", "int8", "nf4", "ternary", "e2m1", "fp8e4m3", "e3m2"
    };
    for (int round = 0; round < 12; round++) {
      String format = formats[random.nextInt(0, formats.length)];
      int group = random.nextInt(2, 70);
      int in = group * random.nextInt(1, 9);
      int out = random.nextInt(1, 150);
      if (in * out < 1100 || in < 16) {
        continue;
      }
      String symmetry = format.startsWith("int") && random.nextDouble() < 0.5 ? ":asym" : ":sym";
      QuantScheme scheme = QuantScheme.parse(format + ":g" + group + symmetry);
      if (random.nextDouble() < 0.5) {
        scheme = scheme.withScaleCodec(FloatScaleCodec.FLOAT32);
      }
      QuantizedMatrix matrix = RandomMatrices.of(scheme, out, in, random);
      LinearKernel kernel = Kernels.forMatrix(matrix, ONE);
      assertProduct(matrix, kernel, 1, random);
      assertProduct(matrix, kernel, random.nextInt(2, 20), random);
    }
  }

  @ParameterizedTest
  @CsvSource({"int4:channel, 9", "int4:g32, 16", "nf4:channel, 16", "int8:g16, 200"})
  void codeBooksOfTiles(String scheme, int levels) {
    SeededRandom random = new SeededRandom(levels);
    QuantScheme parsed = QuantScheme.parse(scheme);
    QuantizedMatrix matrix = RandomMatrices.withCodebooks(parsed, 45, 96, levels, random);
    LinearKernel kernel = Kernels.forMatrix(matrix, ONE);
    for (int tokens : new int[] {1, 3, 60}) {
      assertProduct(matrix, kernel, tokens, random);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g32:asym",
    "nvfp4",
    "nf4:g64",
    "int2:g32:sym",
    "int8:channel:sym",
    "fp8e4m3:g32",
    "int4:g20:sym"
  })
  void threadsChangeNothing(String scheme) {
    SeededRandom random = new SeededRandom(scheme.length());
    int in = scheme.contains("g20") ? 640 : 768;
    QuantizedMatrix matrix = RandomMatrices.of(QuantScheme.parse(scheme), 333, in, random);
    float[] x = random.gaussians(70 * in);
    LinearKernel one = Kernels.forMatrix(matrix, ONE);
    LinearKernel three = Kernels.forMatrix(matrix, THREE);
    for (int tokens : new int[] {1, 2, 5, 70}) {
      float[] expected = new float[tokens * 333];
      float[] got = new float[tokens * 333];
      one.multiply(x, 0, tokens, expected, 0);
      three.multiply(x, 0, tokens, got, 0);
      assertArrayEquals(expected, got, scheme + ", " + tokens + " tokens");
    }
  }

  @Test
  void fusedKernelsShareTheirInputAndChangeNothing() {
    SeededRandom random = new SeededRandom(4);
    QuantScheme scheme = QuantScheme.parse("int4:g64:asym");
    List<LinearKernel> kernels = new ArrayList<>();
    for (int out : new int[] {256, 64, 70}) {
      kernels.add(Kernels.forMatrix(RandomMatrices.of(scheme, out, 320, random), THREE));
    }
    kernels.add(
        Kernels.forMatrix(RandomMatrices.of(QuantScheme.parse("nvfp4"), 99, 320, random), THREE));
    KernelGroup group = Kernels.fuse(kernels);
    assertTrue(
        group.describe().startsWith("4 kernels in one dispatch, inputs prepared 2 times"),
        group.describe());
    for (int tokens : new int[] {1, 6}) {
      float[] x = random.gaussians(tokens * 320);
      float[][] y = new float[4][];
      for (int i = 0; i < 4; i++) {
        y[i] = new float[tokens * kernels.get(i).outFeatures()];
      }
      group.multiply(x, 0, tokens, y, new int[4]);
      for (int i = 0; i < 4; i++) {
        float[] expected = new float[y[i].length];
        kernels.get(i).multiply(x, 0, tokens, expected, 0);
        assertArrayEquals(expected, y[i], "kernel " + i + ", " + tokens + " tokens");
      }
    }
  }

  /** The special codes of FP8 have no part in the fast paths. */
  @Test
  void specialCodesStaySpecial() {
    QuantScheme scheme = QuantScheme.parse("fp8e5m2:channel");
    SeededRandom random = new SeededRandom(8);
    QuantizedMatrix finite = RandomMatrices.of(scheme, 40, 64, random);
    byte[] codes = new byte[40 * 64];
    for (int row = 0; row < 40; row++) {
      finite.codes().unpackRow(row, codes, row * 64);
    }
    codes[7 * 64 + 9] = (byte) 0x7c;
    codes[11 * 64 + 2] = (byte) 0x7e;
    QuantizedMatrix special = QuantizedMatrix.of(finite.grid(), codes);
    float[] x = new float[64];
    Arrays.fill(x, 1f);
    float[] y = new float[40];
    Kernels.forMatrix(special, ONE).multiply(x, y);
    for (int row = 0; row < 40; row++) {
      assertEquals(row == 7, y[row] == Float.POSITIVE_INFINITY, "row " + row);
      assertEquals(row == 11, Float.isNaN(y[row]), "row " + row);
    }
  }

  /** Every finite minifloat of each format, alone: no rounding at all may be seen. */
  @ParameterizedTest
  @CsvSource({"fp8e4m3", "fp8e5m2", "e3m4", "e4m1", "e5m0", "e3m2", "e2m3"})
  void everyMiniFloatIsExact(String name) {
    QuantScheme scheme =
        QuantScheme.parse(name + ":channel").withScaleCodec(FloatScaleCodec.FLOAT32);
    MiniFloat format = (MiniFloat) scheme.format();
    int codes = 1 << format.bits();
    int in = 64;
    byte[] matrix = new byte[codes * in];
    float[] expected = new float[codes];
    for (int code = 0; code < codes; code++) {
      boolean finite = Float.isFinite(format.decode(code));
      matrix[code * in + code % in] = (byte) (finite ? code : 0);
      expected[code] = finite ? format.decode(code) : 0f;
    }
    Grid grid = RandomMatrices.of(scheme, codes, in, new SeededRandom(1)).grid();
    QuantizedMatrix weights = QuantizedMatrix.of(grid, matrix);
    LinearKernel kernel = Kernels.forMatrix(weights, ONE);
    for (int tokens : new int[] {1, 2}) {
      float[] x = new float[tokens * in];
      float[] y = new float[tokens * codes];
      for (int k = 0; k < in; k++) {
        Arrays.fill(x, 0f);
        x[(tokens - 1) * in + k] = 1f;
        kernel.multiply(x, 0, tokens, y, 0);
        for (int code = k; code < codes; code += in) {
          assertEquals(
              expected[code] * grid.scale(code),
              y[(tokens - 1) * codes + code],
              LevelGrid.of(format.decodeTable()).isPresent()
                  ? 1e-6 * grid.scale(code) * format.maximum()
                  : 0,
              name + ", code " + code + ", " + kernel.describe());
        }
      }
    }
  }

  /** The scalar kernels decode the same weights: only the order of the sums may differ. */
  @ParameterizedTest
  @CsvSource({"int4:g32:asym", "int2:g64:sym", "nvfp4", "mxfp4", "nf4:g64", "fp8e4m3:channel"})
  void agreesWithScalarKernels(String scheme) {
    SeededRandom random = new SeededRandom(scheme.hashCode());
    QuantizedMatrix matrix = RandomMatrices.of(QuantScheme.parse(scheme), 83, 192, random);
    float[] x = random.gaussians(5 * 192);
    for (int tokens : new int[] {1, 5}) {
      float[] expected = new float[tokens * 83];
      float[] got = new float[tokens * 83];
      Kernels.forMatrix(matrix, ONE.withProvider("scalar")).multiply(x, 0, tokens, expected, 0);
      Kernels.forMatrix(matrix, ONE).multiply(x, 0, tokens, got, 0);
      double norm = 0;
      for (float value : expected) {
        norm = Math.max(norm, Math.abs(value));
      }
      for (int i = 0; i < got.length; i++) {
        assertEquals(expected[i], got[i], 1e-5 * norm, scheme + ", output " + i + ", " + random);
      }
    }
  }

  @Test
  void zeroInputsGiveZero() {
    SeededRandom random = new SeededRandom(2);
    for (String scheme : new String[] {"int4:g32:asym", "nvfp4", "nf4:g32", "int8:g32:asym"}) {
      QuantizedMatrix matrix = RandomMatrices.of(QuantScheme.parse(scheme), 70, 64, random);
      float[] y = random.gaussians(70);
      Kernels.forMatrix(matrix, ONE).multiply(new float[64], y);
      assertArrayEquals(new float[70], y, scheme);
    }
  }

  @Test
  void describesItsFamily() {
    SeededRandom random = new SeededRandom(2);
    QuantizedMatrix matrix = RandomMatrices.of(QuantScheme.parse("nvfp4"), 70, 64, random);
    String text = Kernels.forMatrix(matrix, ONE).describe();
    assertTrue(text.contains("nvfp4 by") && text.contains(Lanes.BITS + "-bit"), text);
  }
}
