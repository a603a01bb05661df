// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

/**
 * Hadamard matrices of sizes that are no power of two, by Paley's constructions over prime fields:
 * type I for {@code q + 1} with {@code q = 3 mod 4} (12, 20, 44, 60, ...), type II for {@code 2 (q
 * + 1)} with {@code q = 1 mod 4} (12, 28, 36, 60, ...).
 */
final class HadamardBase {
  private static final int LARGEST = 180;

  private HadamardBase() {}

  /**
   * The odd-times-four factor of a size: the smallest {@code m} such that {@code n / m} is a power
   * of two and a matrix of size {@code m} is known, 1 for powers of two, 0 if there is none.
   */
  static int baseSize(int n) {
    if (n < 1) {
      return 0;
    }
    int odd = n >> Integer.numberOfTrailingZeros(n);
    if (odd == 1) {
      return 1;
    }
    for (int m = odd * 4; m <= Math.min(n, LARGEST); m *= 2) {
      if (n % m == 0 && isKnown(m)) {
        return m;
      }
    }
    return 0;
  }

  /** The largest divisor of n that has a Hadamard matrix; at least 1. */
  static int largestBlock(int n) {
    for (int blocks = 1; blocks < n; blocks++) {
      if (n % blocks == 0 && baseSize(n / blocks) > 0) {
        return n / blocks;
      }
    }
    return 1;
  }

  private static boolean isKnown(int m) {
    return isPrime(m - 1) && (m - 1) % 4 == 3
        || m % 2 == 0 && isPrime(m / 2 - 1) && (m / 2 - 1) % 4 == 1;
  }

  private static boolean isPrime(int q) {
    for (int d = 2; d * d <= q; d++) {
      if (q % d == 0) {
        return false;
      }
    }
    return q > 1;
  }

  /** The matrix of a known size, row-major, entries 1 and -1. */
  static float[] matrix(int m) {
    if (isPrime(m - 1) && (m - 1) % 4 == 3) {
      return paleyFirst(m - 1);
    }
    return paleySecond(m / 2 - 1);
  }

  /** {@code chi(a - b)}, with 0 on the diagonal. */
  private static int[][] residues(int q) {
    int[] character = new int[q];
    java.util.Arrays.fill(character, -1);
    character[0] = 0;
    for (int i = 1; i < q; i++) {
      character[i * i % q] = 1;
    }
    int[][] jacobsthal = new int[q][q];
    for (int a = 0; a < q; a++) {
      for (int b = 0; b < q; b++) {
        jacobsthal[a][b] = character[Math.floorMod(a - b, q)];
      }
    }
    return jacobsthal;
  }

  /** {@code I + S} with the skew {@code S = [0 1; -1 Q]}. */
  private static float[] paleyFirst(int q) {
    int m = q + 1;
    int[][] residues = residues(q);
    float[] matrix = new float[m * m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        int entry = i == 0 ? 1 : j == 0 ? -1 : residues[i - 1][j - 1];
        matrix[i * m + j] = i == j ? 1 : entry;
      }
    }
    return matrix;
  }

  /** The symmetric {@code C = [0 1; 1 Q]} with 0 -> [1 -1; -1 -1] and +-1 -> +-[1 1; 1 -1]. */
  private static float[] paleySecond(int q) {
    int half = q + 1;
    int m = 2 * half;
    int[][] residues = residues(q);
    float[] matrix = new float[m * m];
    for (int i = 0; i < half; i++) {
      for (int j = 0; j < half; j++) {
        int c = i == j ? 0 : i == 0 || j == 0 ? 1 : residues[i - 1][j - 1];
        int at = 2 * i * m + 2 * j;
        matrix[at] = c == 0 ? 1 : c;
        matrix[at + 1] = c == 0 ? -1 : c;
        matrix[at + m] = c == 0 ? -1 : c;
        matrix[at + m + 1] = c == 0 ? -1 : -c;
      }
    }
    return matrix;
  }
}
