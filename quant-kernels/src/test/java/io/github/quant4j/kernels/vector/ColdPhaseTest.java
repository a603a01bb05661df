// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.activation.ActivationScheme;
import io.github.quant4j.kernel.KernelGroup;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.kernels.vector.machine.ColdPhase;
import io.github.quant4j.kernels.vector.weightonly.RandomMatrices;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** That nobody can tell from a result whether plain loops or vector code computed it. */
class ColdPhaseTest {
  private static final KernelOptions ONE = new KernelOptions("vector", WorkerTeam.sequential());

  @BeforeEach
  void begin() {
    ColdPhase.beginAll();
  }

  @AfterEach
  void end() {
    ColdPhase.endAll();
  }

  /** Many magnitudes, so that the order of additions shows in the last bits. */
  private static float[] inputs(int count, SeededRandom random) {
    float[] x = random.gaussians(count);
    for (int i = 0; i < count; i++) {
      x[i] *= (float) Math.exp(3 * random.nextGaussian());
      if (i % 211 == 7) {
        x[i] = Float.MIN_NORMAL * (float) random.nextDouble();
      }
    }
    return x;
  }

  private static float[] product(LinearKernel kernel, float[] x, int tokens) {
    float[] y = new float[tokens * kernel.outFeatures() + 5];
    kernel.multiply(x, 1, tokens, y, 2);
    return y;
  }

  private static void assertSameBits(LinearKernel kernel, SeededRandom random) {
    for (int tokens : new int[] {1, 2, 3, 5, 7}) {
      float[] x = inputs(1 + tokens * kernel.inFeatures(), random);
      ColdPhase.beginAll();
      float[] cold = product(kernel, x, tokens);
      ColdPhase.endAll();
      float[] warm = product(kernel, x, tokens);
      for (int i = 0; i < warm.length; i++) {
        assertEquals(
            Float.floatToIntBits(warm[i]),
            Float.floatToIntBits(cold[i]),
            kernel.describe() + ", " + tokens + " tokens, output " + i + ", " + random);
      }
    }
  }

  private static QuantizedMatrix matrix(String scheme, int rows, int columns, SeededRandom random) {
    return RandomMatrices.of(QuantScheme.parse(scheme), rows, columns, random);
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g64:asym, 256, 256",
    "int4:g64:sym, 300, 704",
    "int4:g32:asym, 67, 96",
    "int4:g128:sym, 1, 1280",
    "int4:channel:asym, 65, 45",
    "int4:tensor:sym, 330, 39",
    "int3:g64:asym, 40, 128",
    "int3:g64:sym:f16, 640, 128",
    "int4:g16:asym:bf16, 520, 112",
  })
  void floatInputs(String scheme, int rows, int columns) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + rows);
    assertSameBits(Kernels.forMatrix(matrix(scheme, rows, columns, random), ONE), random);
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g64:sym, 256, 256, int8:token:sym",
    "int4:g64:asym, 300, 704, int8:token:sym",
    "int4:g64:asym, 300, 704, int8:token:asym",
    "int4:g32:asym, 67, 96, int8:g32:sym",
    "int4:g128:sym, 9, 1280, int8:g64:sym",
    "int4:channel:asym, 65, 45, int8:token:sym",
    "int4:g32:asym:i8row, 65, 96, int8:token:sym",
    "int4:g48:sym, 321, 240, int8:token:sym",
    "int3:g64:sym, 640, 128, int4:token:sym",
  })
  void integerInputs(String scheme, int rows, int columns, String activations) {
    SeededRandom random = new SeededRandom(scheme.hashCode() + rows);
    LinearKernel kernel =
        Kernels.forMatrix(
            matrix(scheme, rows, columns, random),
            ActivationQuantizer.dynamic(ActivationScheme.parse(activations)),
            ONE);
    assertSameBits(kernel, random);
  }

  @ParameterizedTest
  @CsvSource({"256, 256", "67, 45", "64, 24", "300, 1000", "50, 33"})
  void fullPrecision(int rows, int columns) {
    SeededRandom random = new SeededRandom(rows);
    FloatMatrix weights = FloatMatrix.wrap(rows, columns, inputs(rows * columns, random));
    assertSameBits(Kernels.forMatrix(weights, ONE), random);
  }

  /** Kernels whose rows have different parameters share one prepared input. */
  @Test
  void groupsAndThreads() {
    SeededRandom random = new SeededRandom(5);
    ActivationQuantizer activations =
        ActivationQuantizer.dynamic(ActivationScheme.parse("int8:token:sym"));
    KernelOptions three = ONE.withTeam(WorkerTeam.ofThreads(3));
    List<LinearKernel> kernels =
        List.of(
            Kernels.forMatrix(matrix("int4:g64:sym", 640, 512, random), activations, three),
            Kernels.forMatrix(matrix("int4:g64:asym", 900, 512, random), activations, three),
            Kernels.forMatrix(matrix("int4:g64:sym:i8row", 70, 512, random), activations, three),
            Kernels.forMatrix(matrix("int4:g64:asym", 900, 512, random), three));
    KernelGroup group = Kernels.fuse(kernels);
    int tokens = 4;
    float[] x = inputs(1 + tokens * 512, random);
    float[][] cold = new float[kernels.size()][];
    for (int i = 0; i < cold.length; i++) {
      cold[i] = new float[tokens * kernels.get(i).outFeatures() + 5];
    }
    group.multiply(x, 1, tokens, cold, new int[] {2, 2, 2, 2});
    ColdPhase.endAll();
    for (int i = 0; i < cold.length; i++) {
      assertArrayEquals(product(kernels.get(i), x, tokens), cold[i], kernels.get(i).describe());
    }
  }

  @Test
  void enoughWorkEndsThePhaseOfItsKind() {
    ColdPhase phase = ColdPhase.FLOAT_NIBBLES;
    assertTrue(phase.takes(1L << 28));
    assertFalse(phase.isOver());
    assertFalse(phase.takes(1L << 29));
    assertTrue(phase.isOver());
    assertFalse(phase.takes(1));
    assertFalse(ColdPhase.INTEGER_NIBBLES.isOver());
  }

  @Test
  void warmingUpEndsThePhase() {
    SeededRandom random = new SeededRandom(6);
    QuantizedMatrix weights = matrix("int4:g64:sym", 256, 256, random);
    ActivationQuantizer activations =
        ActivationQuantizer.dynamic(ActivationScheme.parse("int8:token:sym"));
    LinearKernel kernel = Kernels.forMatrix(weights, activations, ONE);
    Kernels.warmUp(List.of(kernel), Duration.ofMillis(1));
    assertTrue(ColdPhase.FLOAT_NIBBLES.isOver());
    assertTrue(ColdPhase.INTEGER_NIBBLES.isOver());
    assertTrue(ColdPhase.DOT_PRODUCTS.isOver());
  }
}
