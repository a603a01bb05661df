// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.lane.DistanceLanes;
import io.github.quant4j.lane.Lanes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the vectors of column after column with error feedback, as {@link FeedbackSweep} rounds
 * single weights: all weights of a vector have the same input, so that the nearest vector is the
 * best one there.
 */
final class VectorSweep {
  private static final int ROWS_IN_SLAB = 2048;
  private static final int ROWS_IN_TILE = 256;
  private static final int BLOCK = 128;

  private final FloatMatrix weights;
  private final int length;
  private final float @Nullable [] upper;
  private final Compute compute;
  private final int rows;
  private final int columns;

  /** The books of a column: the one, and the one whose vectors are added or nothing. */
  private final VectorChoice[] choices;

  private final float[] scales;

  /** Codes of both books, {@code [ceil(rows / length), columns]}. */
  final int[] codes;

  final int[] residualCodes;

  /**
   * A sweep.
   *
   * @param upper the transposed factor of the reversed moment; null for no feedback
   * @param choices the books of each column
   * @param scales of each column
   */
  VectorSweep(
      FloatMatrix weights,
      int length,
      float @Nullable [] upper,
      VectorChoice[] choices,
      float[] scales,
      Compute compute) {
    this.weights = weights;
    this.length = length;
    this.upper = upper;
    this.choices = choices;
    this.scales = scales;
    this.compute = compute;
    this.rows = weights.rows();
    this.columns = weights.columns();
    this.codes = new int[Math.multiplyExact(Math.ceilDiv(rows, length), columns)];
    this.residualCodes = new int[codes.length];
  }

  /** Rows at hand with the feedback on their columns, counted from the last one. */
  private record Slab(int first, int rows, float[] feedback, float[] errors) {}

  void run() {
    int most = ROWS_IN_SLAB / length * length;
    for (int first = 0; first < rows; first += most) {
      int count = Math.min(most, rows - first);
      float[] feedback = new float[upper == null ? 0 : Math.multiplyExact(columns, count)];
      Slab slab = new Slab(first, count, feedback, new float[Math.min(BLOCK, columns) * count]);
      for (int high = columns; high > 0; high -= BLOCK) {
        int low = Math.max(0, high - BLOCK);
        choose(slab, low, high - low);
      }
    }
  }

  private void choose(Slab slab, int low, int width) {
    float[][] factors = new float[width][Lanes.padded(width)];
    for (int a = 0; a < width && upper != null; a++) {
      int from = (low + a) * columns + low;
      System.arraycopy(upper, from + a + 1, factors[a], a + 1, width - a - 1);
    }
    int tileRows = ROWS_IN_TILE / length * length;
    compute
        .team()
        .run(
            Math.ceilDiv(slab.rows, tileRows),
            tile -> {
              int from = tile * tileRows;
              chooseTile(slab, from, Math.min(tileRows, slab.rows - from), low, factors);
            });
    if (upper != null && low > 0) {
      compute.multiplyAdd(
          1,
          new MatrixView(upper, low, low, width, columns),
          MatrixView.dense(slab.errors, width, slab.rows),
          MatrixView.dense(slab.feedback, low, slab.rows));
    }
  }

  private void chooseTile(Slab slab, int from, int lanes, int low, float[][] factors) {
    int width = factors.length;
    float[][] errors = new float[Lanes.padded(width)][lanes];
    float[] target = new float[lanes];
    float[] original = new float[lanes];
    Vectors vectors = new Vectors(lanes);
    for (int a = width - 1; a >= 0; a--) {
      int column = columns - 1 - low - a;
      for (int r = 0; r < lanes; r++) {
        original[r] = weights.data()[(slab.first + from + r) * columns + column];
      }
      java.util.Arrays.fill(target, 0);
      if (upper != null) {
        System.arraycopy(slab.feedback, (low + a) * slab.rows + from, target, 0, lanes);
        for (int g = a / Lanes.GROUP * Lanes.GROUP; g < width; g += Lanes.GROUP) {
          Lanes.add4(lanes, factors[a], g, errors, g, target);
        }
      }
      Lanes.subtract(lanes, original, target, target);
      vectors.choose(target, choices[column], scales[column]);
      vectors.store((slab.first + from) / length, column);
      Lanes.subtract(lanes, target, original, errors[a]);
      System.arraycopy(errors[a], 0, slab.errors, a * slab.rows + from, lanes);
    }
  }

  /** The vectors of one column in a tile, element by element. */
  private final class Vectors {
    private final int lanes;
    private final int whole;
    private final int groups;
    private final float[] points;
    private final int[] first;
    private final int[] second;
    private final float[] distances;
    private final DistanceLanes nearest = new DistanceLanes(length);

    Vectors(int lanes) {
      this.lanes = lanes;
      this.whole = lanes / length;
      this.groups = Math.ceilDiv(lanes, length);
      this.points = new float[groups * length];
      this.first = new int[groups];
      this.second = new int[groups];
      this.distances = new float[groups];
    }

    /** Replaces the target by what stands for it. */
    void choose(float[] target, VectorChoice choice, float scale) {
      for (int r = 0; r < lanes; r++) {
        points[r % length * groups + r / length] = target[r] / scale;
      }
      find(choice.main(), first);
      float[] residual = choice.residual();
      if (residual != null) {
        for (int r = 0; r < lanes; r++) {
          points[r % length * groups + r / length] -=
              choice.main()[first[r / length] * length + r % length];
        }
        find(residual, second);
      }
      for (int r = 0; r < lanes; r++) {
        float value = choice.main()[first[r / length] * length + r % length];
        if (residual != null) {
          value += residual[second[r / length] * length + r % length];
        }
        target[r] = value * scale;
      }
    }

    private void find(float[] book, int[] found) {
      nearest.nearest(whole, points, 0, groups, length, book, length, found, distances, 0);
      if (groups > whole) {
        int dims = lanes - whole * length;
        nearest.nearest(1, points, whole, groups, dims, book, length, found, distances, whole);
      }
    }

    void store(int group, int column) {
      for (int g = 0; g < groups; g++) {
        codes[(group + g) * columns + column] = first[g];
        residualCodes[(group + g) * columns + column] = second[g];
      }
    }
  }
}
