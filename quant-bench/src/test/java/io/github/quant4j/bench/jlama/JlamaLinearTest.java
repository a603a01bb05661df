// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.jlama;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.github.tjake.jlama.tensor.AbstractTensor;
import com.github.tjake.jlama.tensor.operations.TensorOperations;
import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.parallel.WorkerTeam;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The peer multiplies the same weights as we do: otherwise no time can be compared. */
class JlamaLinearTest {
  private static final int N = 64;
  private static final int K = 512;
  private static final int TOKENS = 3;

  private static TensorOperations operations(String kernel) {
    try {
      return JlamaLinear.operations(kernel);
    } catch (IllegalStateException e) {
      return Assumptions.abort("skipped: " + e.getMessage());
    }
  }

  private static void assertProduct(
      float[] weights, float[] x, AbstractTensor<?, ?> y, double tolerance) {
    for (int t = 0; t < TOKENS; t++) {
      for (int r = 0; r < N; r++) {
        double sum = 0;
        double norm = 0;
        for (int i = 0; i < K; i++) {
          double term = (double) weights[r * K + i] * x[t * K + i];
          sum += term;
          norm += term * term;
        }
        assertEquals(sum, y.get(t, r), tolerance * Math.sqrt(norm), "token " + t + ", row " + r);
      }
    }
  }

  // Jlama rounds activations by adding a half and cutting off, which takes -3.4 steps to -2.
  @ParameterizedTest
  @CsvSource({
    "vector, int4:g32:sym, 1, 1e-5",
    "vector, int4:g32:sym @ int8:token, 2, 0.05",
    "native, int4:g32:sym, 2, 1e-5",
    "native, int4:g32:sym @ int8:token, 1, 0.05"
  })
  void multipliesTheSameFourBits(String kernel, String format, int threads, double tolerance) {
    LayerFormat formats = LayerFormat.parse(format);
    QuantizedMatrix matrix = formats.randomMatrix(N, K);
    AbstractTensor<?, ?> weights = JlamaTensors.fourBits(matrix);
    for (int r = 0; r < N; r++) {
      for (int i = 0; i < K; i++) {
        assertEquals(matrix.get(r, i), weights.get(r, i));
      }
    }
    float[] x = LayerFormat.gaussians((long) TOKENS * K);
    JlamaLinear layer =
        new JlamaLinear(
            operations(kernel),
            weights,
            x,
            formats.activations().isPresent(),
            WorkerTeam.ofThreads(threads));
    assertProduct(matrix.dequantize().data(), x, layer.multiply(), tolerance);
  }

  @ParameterizedTest
  @CsvSource({"vector, 1", "native, 2"})
  void multipliesTheSameFloats(String kernel, int threads) {
    float[] weights = LayerFormat.gaussians((long) N * K);
    float[] x = LayerFormat.gaussians((long) TOKENS * K);
    JlamaLinear layer =
        new JlamaLinear(
            operations(kernel),
            JlamaTensors.floats(N, K, weights),
            x,
            false,
            WorkerTeam.ofThreads(threads));
    assertProduct(weights, x, layer.multiply(), 1e-5);
  }

  @Test
  void refusesWhatJlamaDoesNotHave() {
    QuantizedMatrix matrix = LayerFormat.parse("int4:g128:sym").randomMatrix(4, 384);
    assertThrows(IllegalArgumentException.class, () -> JlamaTensors.fourBits(matrix));
    assertThrows(IllegalArgumentException.class, () -> JlamaLinear.operations("scalar"));
  }
}
