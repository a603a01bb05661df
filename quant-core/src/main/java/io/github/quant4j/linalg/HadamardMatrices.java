// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import java.util.Optional;

/**
 * Hadamard matrices: entries 1 and -1, rows orthogonal to each other, {@code H H^T = m I}.
 *
 * <p>Sizes {@code m 2^k} are Kronecker products {@code K (x) S} of a base {@code K} of size {@code
 * m} and Sylvester's matrix {@code S}, for which there is a fast transform. Known bases are those
 * of Paley's constructions over fields of {@code q = p^j} elements with {@code j} up to 3: type I,
 * size {@code q + 1} for {@code q = 3 mod 4} (12, 20, 24, 28, 44, 60, 344, ...), and type II, size
 * {@code 2 (q + 1)} for {@code q = 1 mod 4} (12, 20, 28, 36, 52, 100, ...); and Williamson's for
 * 92, 116 and 172.
 *
 * <p>References: Paley, On orthogonal matrices, J. Math. Phys. 12 (1933); Williamson, Hadamard's
 * determinant theorem and the sum of four squares, Duke Math. J. 11 (1944).
 */
public final class HadamardMatrices {
  private static final int LARGEST_BASE = 512;

  private HadamardMatrices() {}

  /**
   * The base of a size.
   *
   * @param n the size
   * @return the smallest {@code m} such that {@code n / m} is a power of two and a matrix of size
   *     {@code m} can be made: 1 for powers of two, 0 if there is none of at most 512
   */
  public static int baseSize(int n) {
    if (n < 1) {
      return 0;
    }
    int odd = n >> Integer.numberOfTrailingZeros(n);
    if (odd == 1) {
      return 1;
    }
    for (int m = 4 * odd; m > 0 && m <= Math.min(n, LARGEST_BASE); m *= 2) {
      if (construct(m).isPresent()) {
        return m;
      }
    }
    return 0;
  }

  /**
   * The largest block that a number of channels can be cut into.
   *
   * @param n the channels, at least 1
   * @return the largest divisor of n for which there is a matrix; at least 1
   */
  public static int largestBlock(int n) {
    for (int blocks = 1; blocks < n; blocks++) {
      if (n % blocks == 0 && baseSize(n / blocks) > 0) {
        return n / blocks;
      }
    }
    return 1;
  }

  /**
   * A matrix that is not a Kronecker product of a smaller one here.
   *
   * @param m the size, one that {@link #baseSize} gives
   * @return the entries, row-major {@code [m, m]}, 1 and -1
   * @throws IllegalArgumentException if there is none
   */
  public static float[] base(int m) {
    if (m == 1) {
      return new float[] {1f};
    }
    return construct(m)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "m: no Hadamard matrix of size "
                        + m
                        + " can be made; expected 1, q + 1 or 2 (q + 1) for a prime power q, 92, 116"
                        + " or 172"));
  }

  private static Optional<float[]> construct(int m) {
    if (m % 4 != 0) {
      return Optional.empty();
    }
    if ((m - 1) % 4 == 3) {
      Optional<FiniteField> field = FiniteField.of(m - 1);
      if (field.isPresent()) {
        return Optional.of(paleyFirst(field.get()));
      }
    }
    if ((m / 2 - 1) % 4 == 1) {
      Optional<FiniteField> field = FiniteField.of(m / 2 - 1);
      if (field.isPresent()) {
        return Optional.of(paleySecond(field.get()));
      }
    }
    return switch (m) {
      case 92 ->
          Optional.of(williamson("+--+-+-+++++", "+--+--+++---", "+--++-+-+-++", "+++---++--++"));
      case 116 ->
          Optional.of(
              williamson(
                  "+--++----+-++++", "++--++-+-++++--", "+--+---+-+--+++", "+-+++-+++--+-++"));
      case 172 ->
          Optional.of(
              williamson(
                  "+-+-+----++++-++++-++-",
                  "+--++----+-+---+--++++",
                  "++-+--++-+++----+++-++",
                  "+--+++--+-+--+-+++++-+"));
      default -> Optional.empty();
    };
  }

  /** {@code I + C} with the skew {@code C = [0 1; -1 Q]}, where {@code Q_ab = chi(a - b)}. */
  private static float[] paleyFirst(FiniteField field) {
    int m = field.size() + 1;
    float[] matrix = new float[m * m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        int entry = i == 0 ? 1 : j == 0 ? -1 : field.character(i - 1, j - 1);
        matrix[i * m + j] = i == j ? 1 : entry;
      }
    }
    return matrix;
  }

  /** The symmetric {@code C = [0 1; 1 Q]} with 0 -> [1 -1; -1 -1] and +-1 -> +-[1 1; 1 -1]. */
  private static float[] paleySecond(FiniteField field) {
    int half = field.size() + 1;
    int m = 2 * half;
    float[] matrix = new float[m * m];
    for (int i = 0; i < half; i++) {
      for (int j = 0; j < half; j++) {
        int c = i == j ? 0 : i == 0 || j == 0 ? 1 : field.character(i - 1, j - 1);
        int at = 2 * i * m + 2 * j;
        matrix[at] = c == 0 ? 1 : c;
        matrix[at + 1] = c == 0 ? -1 : c;
        matrix[at + m] = c == 0 ? -1 : c;
        matrix[at + m + 1] = c == 0 ? -1 : -c;
      }
    }
    return matrix;
  }

  /**
   * {@code [A B C D; -B A -D C; -C D A -B; -D -C B A]} of symmetric circulants with {@code A^2 +
   * B^2 + C^2 + D^2 = 4 t I}, each given by the first half of its first row.
   */
  private static float[] williamson(String a, String b, String c, String d) {
    String[] blocks = {a, b, c, d};
    int[][] which = {{0, 1, 2, 3}, {1, 0, 3, 2}, {2, 3, 0, 1}, {3, 2, 1, 0}};
    int[][] sign = {{1, 1, 1, 1}, {-1, 1, -1, 1}, {-1, 1, 1, -1}, {-1, -1, 1, 1}};
    int t = 2 * a.length() - 1;
    int m = 4 * t;
    float[] matrix = new float[m * m];
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < m; j++) {
        int distance = Math.abs(i % t - j % t);
        char entry = blocks[which[i / t][j / t]].charAt(Math.min(distance, t - distance));
        matrix[i * m + j] = entry == '+' ? sign[i / t][j / t] : -sign[i / t][j / t];
      }
    }
    return matrix;
  }
}
