// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.dense;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.machine.Lanes;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import jdk.incubator.vector.IntVector;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class DenseKernelTest {
  /** What is tested here is vector code; plain loops may stand in for it at first. */
  @BeforeAll
  static void useVectorCode() {
    ColdPhase.endAll();
  }

  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());
  private static final KernelOptions THREE = new KernelOptions("vector", WorkerTeam.ofThreads(3));

  private static Tensor tensor(DType dtype, FloatMatrix matrix, boolean nativeMemory) {
    int count = matrix.data().length;
    Shape shape = Shape.of(matrix.rows(), matrix.columns());
    if (dtype == DType.F32) {
      Tensor heap = Tensor.ofFloats(shape, matrix.data().clone());
      return nativeMemory ? moved(heap) : heap;
    }
    short[] bits = new short[count];
    for (int i = 0; i < count; i++) {
      // Rounds to eleven bits, or takes the upper half: any bits are as good here.
      bits[i] =
          dtype == DType.F16
              ? Float.floatToFloat16(matrix.data()[i])
              : (short) (Float.floatToRawIntBits(matrix.data()[i]) >>> 16);
    }
    Tensor heap = Tensor.ofShorts(dtype, shape, bits);
    return nativeMemory ? moved(heap) : heap;
  }

  /** A copy outside the heap at an odd address, as it may be in a mapped file. */
  private static Tensor moved(Tensor tensor) {
    MemorySegment memory = Arena.ofAuto().allocate(tensor.byteSize() + 1).asSlice(1);
    memory.copyFrom(tensor.data());
    return Tensor.of("", tensor.dtype(), tensor.shape(), memory);
  }

  private static double rounding(int in, int tokens) {
    double r = tokens < 48 ? in / (double) Lanes.FLOATS + 6 + 2 * Lanes.FLOATS : 262 + in / 256.0;
    return r * 0x1p-24 * 1.001;
  }

  private static void assertProduct(
      LinearKernel kernel, float[] weights, int tokens, SeededRandom random) {
    int in = kernel.inFeatures();
    int out = kernel.outFeatures();
    float[] x = random.gaussians(3 + tokens * in);
    float[] y = random.gaussians(2 + tokens * out + 3);
    float[] before = y.clone();
    kernel.multiply(x, 3, tokens, y, 2);
    for (int t = 0; t < tokens; t++) {
      for (int row = 0; row < out; row++) {
        double sum = 0;
        double magnitudes = 0;
        for (int i = 0; i < in; i++) {
          double product = (double) weights[row * in + i] * x[3 + t * in + i];
          sum += product;
          magnitudes += Math.abs(product);
        }
        assertEquals(
            sum,
            y[2 + t * out + row],
            rounding(in, tokens) * magnitudes,
            kernel.describe() + ", token " + t + " of " + tokens + ", row " + row + ", " + random);
      }
    }
    for (int i : new int[] {0, 1, y.length - 3, y.length - 2, y.length - 1}) {
      assertEquals(before[i], y[i], "written outside the output");
    }
  }

  private static List<LinearKernel> kernels(FloatMatrix matrix, KernelOptions options) {
    List<LinearKernel> kernels = new ArrayList<>();
    kernels.add(Kernels.forMatrix(matrix, options));
    for (DType dtype : new DType[] {DType.F32, DType.BF16, DType.F16}) {
      kernels.add(Kernels.forTensor(tensor(dtype, matrix, true), options));
      kernels.add(Kernels.forTensor(tensor(dtype, matrix, false), options));
    }
    return kernels;
  }

  private static float[] stored(LinearKernel kernel, FloatMatrix matrix) {
    float[] values = matrix.data().clone();
    if (!kernel.describe().contains("F32") && !kernel.describe().contains("f32")) {
      DType dtype = kernel.describe().contains("BF16") ? DType.BF16 : DType.F16;
      return tensor(dtype, matrix, false).toFloatArray();
    }
    return values;
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1024", "33, 40", "5, 300", "64, 16", "67, 31", "32, 257", "100, 32", "3, 2049", "34, 520"
  })
  void agreesWithDoubleSums(int out, int in) {
    SeededRandom random = new SeededRandom(out * 1000L + in);
    FloatMatrix matrix = random.gaussianMatrix(out, in);
    for (LinearKernel kernel : kernels(matrix, ONE)) {
      assertTrue(kernel.describe().startsWith("vector"), kernel.describe());
      for (int tokens : new int[] {1, 2, 3, 4, 7, 47, 48, 53}) {
        assertProduct(kernel, stored(kernel, matrix), tokens, random);
      }
    }
  }

  @Test
  void longBatchesAreCut() {
    SeededRandom random = new SeededRandom(9);
    FloatMatrix matrix = random.gaussianMatrix(33, 35);
    for (LinearKernel kernel : kernels(matrix, THREE)) {
      assertProduct(kernel, stored(kernel, matrix), 2 * PanelProduct.BATCH + 5, random);
    }
  }

  @ParameterizedTest
  @CsvSource({"200, 400, 1", "200, 400, 5", "200, 400, 60", "1, 5000, 3"})
  void threadsChangeNothing(int out, int in, int tokens) {
    SeededRandom random = new SeededRandom(77);
    FloatMatrix matrix = random.gaussianMatrix(out, in);
    float[] x = random.gaussians(tokens * in);
    List<LinearKernel> one = kernels(matrix, ONE);
    List<LinearKernel> three = kernels(matrix, THREE);
    for (int i = 0; i < one.size(); i++) {
      float[] expected = new float[tokens * out];
      float[] got = new float[tokens * out];
      one.get(i).multiply(x, 0, tokens, expected, 0);
      three.get(i).multiply(x, 0, tokens, got, 0);
      assertArrayEquals(expected, got, one.get(i).describe());
    }
  }

  static List<Integer> blocks() {
    return List.of(0, 1, 2, 3);
  }

  /** All 65536 bit patterns against the JDK's conversion. */
  @ParameterizedTest
  @MethodSource("blocks")
  void halfPrecisionDecodesEveryPattern(int quarter) {
    int[] bits = new int[Lanes.FLOATS];
    float[] decoded = new float[Lanes.FLOATS];
    for (int base = quarter << 14; base < (quarter + 1) << 14; base += Lanes.FLOATS) {
      for (int i = 0; i < bits.length; i++) {
        bits[i] = (base + i) << 16;
      }
      HalfVectors.fromFloat16(IntVector.fromArray(Lanes.INT, bits, 0)).intoArray(decoded, 0);
      for (int i = 0; i < bits.length; i++) {
        float expected = Float.float16ToFloat((short) (base + i));
        if (Float.isNaN(expected)) {
          assertTrue(Float.isNaN(decoded[i]), "pattern " + (base + i));
        } else {
          assertEquals(
              Float.floatToRawIntBits(expected),
              Float.floatToRawIntBits(decoded[i]),
              "pattern " + (base + i));
        }
      }
    }
  }

  @Test
  void infiniteWeightsStayInfinite() {
    int in = 64;
    int out = 20;
    MemorySegment memory = Arena.ofAuto().allocate(2L * in * out);
    memory.setAtIndex(ValueLayout.JAVA_SHORT, 5 * in + 3, Float.floatToFloat16(Float.NaN));
    memory.setAtIndex(
        ValueLayout.JAVA_SHORT, 7 * in + 2, Float.floatToFloat16(Float.NEGATIVE_INFINITY));
    LinearKernel kernel =
        Kernels.forTensor(Tensor.of("", DType.F16, Shape.of(out, in), memory), ONE);
    float[] x = new float[in];
    java.util.Arrays.fill(x, 1f);
    float[] y = new float[out];
    kernel.multiply(x, y);
    for (int i = 0; i < out; i++) {
      assertEquals(i == 5 ? Float.NaN : i == 7 ? Float.NEGATIVE_INFINITY : 0f, y[i]);
    }
  }

  @Test
  void tinyMatricesAreLeftToScalarCode() {
    SeededRandom random = new SeededRandom(1);
    assertTrue(Kernels.forMatrix(random.gaussianMatrix(4, 5), ONE).describe().startsWith("scalar"));
  }

  @Test
  void badTensorsAreRefused() {
    Tensor vector = Tensor.ofFloats(Shape.of(4), new float[4]);
    assertThrows(IllegalArgumentException.class, () -> Kernels.forTensor(vector, ONE));
    Tensor empty = Tensor.ofFloats(Shape.of(0, 4), new float[0]);
    assertThrows(IllegalArgumentException.class, () -> Kernels.forTensor(empty, ONE));
  }
}
