// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.matrix.QuantizedMatrix;
import java.nio.FloatBuffer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The peer multiplies the same weights as we do: otherwise no time can be compared. */
class OnnxLinearTest {

  @ParameterizedTest
  @CsvSource({
    "int2:g128:sym, 0, 1e-5",
    "int4:g128:sym, 0, 1e-5",
    "int4:g32:sym, 0, 1e-5",
    "int8:g128:sym, 0, 1e-5",
    "int2:g128:sym, 4, 0.02",
    "int4:g128:sym, 4, 0.02",
    "int4:g32:sym, 4, 0.02",
    "int8:g128:sym, 4, 0.02",
  })
  void multipliesTheSameMatrix(String format, int accuracyLevel, double tolerance)
      throws Exception {
    int n = 48;
    int k = 512;
    int tokens = 3;
    QuantizedMatrix matrix = LayerFormat.parse(format).randomMatrix(n, k);
    float[] x = LayerFormat.gaussians((long) tokens * k);
    try (OnnxLinear layer = new OnnxLinear(matrix, x, tokens, accuracyLevel, 1)) {
      FloatBuffer y = layer.multiply();
      for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < n; r++) {
          double sum = 0;
          double norm = 0;
          for (int i = 0; i < k; i++) {
            double product = (double) matrix.get(r, i) * x[t * k + i];
            sum += product;
            norm += product * product;
          }
          assertEquals(
              sum, y.get(t * n + r), tolerance * Math.sqrt(norm), "token " + t + ", row " + r);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"int3:g128:sym", "int4:g128:asym", "nf4:g64", "int4:g96:sym"})
  void refusesWhatTheOperatorDoesNotHave(String format) {
    QuantizedMatrix matrix = LayerFormat.parse(format).randomMatrix(4, 384);
    assertThrows(
        IllegalArgumentException.class,
        () -> MatMulNBitsModel.of(matrix, 1, MatMulNBitsModel.INT8));
  }
}
