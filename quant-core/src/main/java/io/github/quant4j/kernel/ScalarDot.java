// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

/** The dot product that scalar kernels share. */
final class ScalarDot {
  private ScalarDot() {}

  /** Sums in double; two sums hide some of the latency of the additions. */
  static float dot(int length, float[] row, float[] x, int from) {
    double even = 0;
    double odd = 0;
    int i = 0;
    for (; i + 2 <= length; i += 2) {
      even += (double) row[i] * x[from + i];
      odd += (double) row[i + 1] * x[from + i + 1];
    }
    if (i < length) {
      even += (double) row[i] * x[from + i];
    }
    return (float) (even + odd);
  }
}
