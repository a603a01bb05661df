// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;

/** The product with a Kronecker product of two small matrices, in plain Java. */
final class KroneckerProduct {
  private KroneckerProduct() {}

  /** {@code X' = P1^T X P2} for one token. */
  static void multiply(
      FloatMatrix first, FloatMatrix second, float[] x, int xOffset, float[] y, int yOffset) {
    int n1 = first.rows();
    int n2 = second.rows();
    float[] middle = new float[n1 * n2];
    for (int i = 0; i < n1; i++) {
      for (int k = 0; k < n2; k++) {
        addScaled(n2, x[xOffset + i * n2 + k], second.data(), k * n2, middle, i * n2);
      }
    }
    for (int i = 0; i < n1; i++) {
      Arrays.fill(y, yOffset + i * n2, yOffset + (i + 1) * n2, 0f);
      for (int k = 0; k < n1; k++) {
        addScaled(n2, first.data()[k * n1 + i], middle, k * n2, y, yOffset + i * n2);
      }
    }
  }

  private static void addScaled(
      int n, float factor, float[] x, int xOffset, float[] y, int yOffset) {
    for (int j = 0; j < n; j++) {
      y[yOffset + j] += factor * x[xOffset + j];
    }
  }
}
