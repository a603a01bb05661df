// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * A diagonal block of a unit triangular factor, in double, and the two solves that it is used for.
 *
 * <p>The other columns of the matrix are handled some 128 at a time as lanes: one array for each
 * row of the block, so that the inner loops vectorise.
 */
final class DiagonalBlock {
  private static final int LANES = 128;

  private final int width;

  /** Row i holds minus L[i][k] for k &lt; i, zeros up to whole groups of lanes. */
  private final double[][] lower;

  /** Row k holds minus L[i][k] for i &gt; k, zeros before. */
  private final double[][] transposed;

  private DiagonalBlock(int width) {
    this.width = width;
    int padded = Lanes.padded(width);
    this.lower = new double[width][padded];
    this.transposed = new double[width][padded];
  }

  /** Reads the block of a factor that is stored transposed in an upper triangle. */
  static DiagonalBlock read(float[] upper, int size, int start, int width) {
    DiagonalBlock block = new DiagonalBlock(width);
    for (int k = 0; k < width; k++) {
      for (int i = k + 1; i < width; i++) {
        double entry = -upper[(start + k) * size + start + i];
        block.lower[i][k] = entry;
        block.transposed[k][i] = entry;
      }
    }
    return block;
  }

  /** Factorises a diagonal block in place; false if a pivot is too small. */
  static boolean factor(
      float[] upper, int size, int start, int width, double smallestPivot, double[] diagonal) {
    double[][] work = new double[width][width];
    for (int k = 0; k < width; k++) {
      for (int i = k; i < width; i++) {
        work[k][i] = upper[(start + k) * size + start + i];
      }
    }
    for (int k = 0; k < width; k++) {
      double pivot = work[k][k];
      // Written so that NaN fails.
      if (!(pivot >= smallestPivot && pivot <= Double.MAX_VALUE)) {
        return false;
      }
      diagonal[start + k] = pivot;
      for (int i = k + 1; i < width; i++) {
        double factor = work[k][i] / pivot;
        for (int j = i; j < width; j++) {
          work[i][j] -= factor * work[k][j];
        }
      }
      for (int i = k + 1; i < width; i++) {
        upper[(start + k) * size + start + i] = (float) (work[k][i] / pivot);
      }
    }
    return true;
  }

  /**
   * Replaces the rows of this block to the right of it, {@code A12}, by {@code X^T} with {@code A12
   * = L11 D X^T}, and stores {@code X D} row-major in {@code scaled}.
   */
  void solvePanel(
      float[] upper, int size, int next, double[] diagonal, float[] scaled, WorkerTeam team) {
    int start = next - width;
    team.run(
        Math.ceilDiv(size - next, LANES),
        part -> {
          int from = next + part * LANES;
          int count = Math.min(LANES, size - from);
          double[][] rows = new double[Lanes.padded(width)][count];
          for (int k = 0; k < width; k++) {
            double[] row = rows[k];
            load(upper, (start + k) * size + from, row);
            for (int g = 0; g < k; g += Lanes.GROUP) {
              Lanes.add4(count, lower[k], g, rows, g, row);
            }
            double pivot = diagonal[start + k];
            int at = (from - next) * width + k;
            for (int i = 0; i < count; i++) {
              scaled[at + i * width] = (float) row[i];
              upper[(start + k) * size + from + i] = (float) (row[i] / pivot);
            }
          }
        });
  }

  /** Solves {@code L11^T V = B} for rows of width {@code size}, from column {@code start} on. */
  void solveTransposed(float[] b, float[] v, int size, int start, WorkerTeam team) {
    team.run(
        Math.ceilDiv(size - start, LANES),
        part -> {
          int from = start + part * LANES;
          int count = Math.min(LANES, size - from);
          double[][] rows = new double[Lanes.padded(width)][count];
          for (int k = width - 1; k >= 0; k--) {
            double[] row = rows[k];
            load(b, k * size + from, row);
            for (int g = k / Lanes.GROUP * Lanes.GROUP; g < width; g += Lanes.GROUP) {
              Lanes.add4(count, transposed[k], g, rows, g, row);
            }
            for (int i = 0; i < count; i++) {
              v[(start + k) * size + from + i] = (float) row[i];
            }
          }
        });
  }

  private static void load(float[] source, int from, double[] target) {
    for (int i = 0; i < target.length; i++) {
      target[i] = source[from + i];
    }
  }
}
