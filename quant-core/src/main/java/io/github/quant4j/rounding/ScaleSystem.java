// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.IntegerFormat;
import java.util.Arrays;

/**
 * The output error of some rows that share their scales, as a function of the scales and zero
 * points of some of their tiles while all codes stay: a quadratic form.
 *
 * <p>The values of a tile are {@code s c - s z 1} with levels {@code c}. So the form has a variable
 * {@code s} for each tile, and where there are zero points a second one for {@code - s z}.
 */
final class ScaleSystem {
  private static final int PASSES = 8;
  private static final double RIDGE = 1e-9;

  /** Scales that would change by more stay: their tiles have next to no say. */
  private static final double LARGEST_FACTOR = 4;

  /** What the best scale is multiplied by, for codecs that do not round to the nearest one. */
  private static final double[] FACTORS = {1, 2, 0.5};

  private final int tiles;
  private final int size;
  private final double[] products;
  private final double[] residual;

  /** Nothing is added yet. */
  ScaleSystem(int tiles, boolean hasZeros) {
    this.tiles = tiles;
    this.size = hasZeros ? 2 * tiles : tiles;
    this.products = new double[Math.multiplyExact(size, size)];
    this.residual = new double[size];
  }

  /** Bytes of a system. */
  static long bytes(int tiles, boolean hasZeros) {
    long size = hasZeros ? 2L * tiles : tiles;
    return size * size * Double.BYTES;
  }

  int tiles() {
    return tiles;
  }

  boolean hasZeros() {
    return size > tiles;
  }

  /** The variable {@code - s z} of a tile. */
  int offset(int tile) {
    return tiles + tile;
  }

  /** Adds to the product of two variables, in either order. */
  void addProduct(int a, int b, double value) {
    products[a * size + b] += value;
    if (a != b) {
      products[b * size + a] += value;
    }
  }

  /** Adds to {@code - a^T H e} of a variable. */
  void addResidual(int a, double value) {
    residual[a] += value;
  }

  /** {@code - a^T H e} of a variable. */
  double residual(int a) {
    return residual[a];
  }

  /** {@code a^T H b} of two variables. */
  double product(int a, int b) {
    return products[a * size + b];
  }

  /**
   * Finds better scales and zero points.
   *
   * @param at those of the matrix
   * @param first the first tile
   * @param least decrease that counts, above what rounding errors make
   * @return by how much the error decreases; not negative if the scales may stay
   */
  double fit(FittedScales at, int first, double least) {
    double decrease = solve(at, first, least);
    for (int pass = 0; pass < PASSES; pass++) {
      double before = decrease;
      for (int tile = 0; tile < tiles; tile++) {
        decrease += improve(at, first, tile, least);
      }
      if (decrease == before) {
        return decrease;
      }
    }
    return decrease;
  }

  /** All scales at once, with the zero points as they are, rounded as they will be stored. */
  private double solve(FittedScales at, int first, double least) {
    double[] matrix = new double[tiles * tiles];
    double[] step = new double[tiles];
    for (int a = 0; a < tiles; a++) {
      double zero = at.zeros[first + a];
      step[a] = residual[a] - (hasZeros() ? zero * residual[offset(a)] : 0);
      for (int b = 0; b <= a; b++) {
        matrix[a * tiles + b] = scaleProduct(a, zero, b, at.zeros[first + b]);
      }
    }
    if (!SmallCholesky.solve(matrix, step, RIDGE)) {
      Arrays.fill(step, 0);
    }
    double[] changes = new double[size];
    for (int tile = 0; tile < tiles; tile++) {
      double scale = at.scales[first + tile];
      double wanted = scale + step[tile];
      if (!(wanted > scale / LARGEST_FACTOR && wanted < scale * LARGEST_FACTOR)) {
        wanted = scale;
      }
      at.wanted[first + tile] = at.isOwnFrame ? wanted : at.wanted[first + tile];
      double stored = at.frame.round(first + tile, at.wanted[first + tile]);
      changes[tile] = stored - scale;
      if (hasZeros()) {
        changes[offset(tile)] = -at.zeros[first + tile] * (stored - scale);
      }
    }
    double[] gain = new double[size];
    double decrease = decrease(changes, gain);
    if (at.isOwnFrame && !(decrease > least)) {
      return 0;
    }
    for (int tile = 0; tile < tiles; tile++) {
      at.scales[first + tile] += changes[tile];
    }
    for (int a = 0; a < size; a++) {
      residual[a] -= gain[a];
    }
    return decrease;
  }

  /** {@code (c_a - z_a 1)^T H (c_b - z_b 1)}. */
  private double scaleProduct(int a, double zeroA, int b, double zeroB) {
    if (!hasZeros()) {
      return product(a, b);
    }
    return product(a, b)
        - zeroB * product(a, offset(b))
        - zeroA * product(offset(a), b)
        + zeroA * zeroB * product(offset(a), offset(b));
  }

  /** By how much the error decreases with some changes, and the change of the residual. */
  private double decrease(double[] changes, double[] gain) {
    double decrease = 0;
    for (int a = 0; a < size; a++) {
      double sum = 0;
      for (int b = 0; b < size; b++) {
        sum += products[a * size + b] * changes[b];
      }
      gain[a] = sum;
      decrease += changes[a] * (2 * residual[a] - sum);
    }
    return decrease;
  }

  /** The best scale of one tile that can be stored, with its zero point and those next to it. */
  private double improve(FittedScales at, int first, int tile, double least) {
    double scale = at.scales[first + tile];
    double zero = at.zeros[first + tile];
    IntegerFormat format = at.zeroFormat;
    double bestDecrease = 0;
    double bestScale = scale;
    double bestZero = zero;
    int reach = format == null ? 0 : 1;
    for (int move = -reach; move <= reach; move++) {
      double other = zero + move;
      if (format != null && (other < format.minimum() || other > format.maximum())) {
        continue;
      }
      double curvature = scaleProduct(tile, other, tile, other);
      double wanted = best(tile, scale, zero, other) / curvature;
      if (!(curvature > 0 && wanted > 0 && wanted < LARGEST_FACTOR * scale)) {
        continue;
      }
      for (double factor : FACTORS) {
        double stored = at.frame.round(first + tile, factor * wanted);
        double decrease = decrease(tile, stored - scale, scale * zero - stored * other);
        if (decrease > bestDecrease) {
          bestDecrease = decrease;
          bestScale = stored;
          bestZero = other;
        }
      }
    }
    if (!(bestDecrease > least)) {
      return 0;
    }
    double scaleChange = bestScale - scale;
    double offsetChange = scale * zero - bestScale * bestZero;
    at.scales[first + tile] = bestScale;
    at.zeros[first + tile] = bestZero;
    for (int a = 0; a < size; a++) {
      residual[a] -= product(a, tile) * scaleChange;
      if (hasZeros()) {
        residual[a] -= product(a, offset(tile)) * offsetChange;
      }
    }
    return bestDecrease;
  }

  /** The best scale with another zero point, times its curvature. */
  private double best(int tile, double scale, double zero, double other) {
    double result = residual[tile] + scale * product(tile, tile);
    if (hasZeros()) {
      int offset = offset(tile);
      result -= other * residual[offset];
      result -= (other + zero) * scale * product(tile, offset);
      result += other * zero * scale * product(offset, offset);
    }
    return result;
  }

  private double decrease(int tile, double scaleChange, double offsetChange) {
    double decrease = scaleChange * (2 * residual[tile] - product(tile, tile) * scaleChange);
    if (hasZeros()) {
      int offset = offset(tile);
      decrease += offsetChange * (2 * residual[offset] - product(offset, offset) * offsetChange);
      decrease -= 2 * scaleChange * offsetChange * product(tile, offset);
    }
    return decrease;
  }
}
