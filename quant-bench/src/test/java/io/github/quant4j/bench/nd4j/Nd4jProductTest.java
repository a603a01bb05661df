// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.nd4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.quant4j.bench.workload.LayerFormat;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The peer multiplies the same matrix as we do: otherwise no time can be compared. */
class Nd4jProductTest {

  @ParameterizedTest
  @CsvSource({"1, 1", "1, 2", "17, 1", "17, 2"})
  void multipliesTheSameMatrix(int tokens, int threads) {
    int n = 48;
    int k = 512;
    float[] weights = LayerFormat.gaussians((long) n * k);
    float[] x = LayerFormat.gaussians((long) tokens * k);
    Nd4jProduct.useThreads(threads);
    try (Nd4jProduct product = new Nd4jProduct(n, k, weights, tokens, x)) {
      INDArray y = product.multiply();
      for (int t = 0; t < tokens; t++) {
        for (int r = 0; r < n; r++) {
          double sum = 0;
          double norm = 0;
          for (int i = 0; i < k; i++) {
            double term = (double) weights[r * k + i] * x[t * k + i];
            sum += term;
            norm += term * term;
          }
          assertEquals(sum, y.getDouble(r, t), 1e-5 * Math.sqrt(norm), "token " + t + ", row " + r);
        }
      }
    }
  }
}
