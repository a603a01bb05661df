// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.FloatStorage;
import io.github.quant4j.matrix.GridStrip;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;

/**
 * Weights that are kept apart from the grid while columns are rounded one after the other (SpQR,
 * Dettmers et al., arXiv 2306.03078): those whose rounding error, as others have left them, exceeds
 * a threshold. What is kept makes no error that later columns would have to make up for.
 */
final class KeptWeights {
  private final double[] pivots;
  private final double threshold;
  private final DType stored;
  private final int columns;
  private final boolean[] kept;
  private final float[] values;

  /**
   * Nothing is kept yet.
   *
   * @param pivots for each column what its squared error costs when later columns make up for it
   * @param threshold the cost from which a weight is kept
   * @param stored how kept values are rounded
   */
  KeptWeights(int rows, double[] pivots, double threshold, DType stored) {
    this.pivots = pivots;
    this.threshold = threshold;
    this.stored = stored;
    this.columns = pivots.length;
    this.kept = new boolean[Math.multiplyExact(rows, columns)];
    this.values = new float[kept.length];
  }

  /**
   * Keeps those of some rows of a column whose error is too large: their codes become those nearest
   * to zero, their rounded values what code and kept value stand for together.
   *
   * @param gridColumn the column within the strip's grid
   * @param firstRow of the matrix
   */
  void choose(
      GridStrip strip,
      int gridColumn,
      int column,
      int firstRow,
      float[] target,
      float[] rounded,
      int[] codes) {
    float[] zeros = null;
    int[] zeroCodes = new int[0];
    double pivot = pivots[column];
    for (int r = 0; r < target.length; r++) {
      double error = (double) target[r] - rounded[r];
      if (error * error * pivot <= threshold) {
        continue;
      }
      if (zeros == null) {
        zeros = new float[target.length];
        zeroCodes = new int[target.length];
        strip.round(gridColumn, new float[target.length], zeros, zeroCodes);
      }
      int at = (firstRow + r) * columns + column;
      float value = FloatStorage.round(target[r] - zeros[r], stored);
      if (!Float.isFinite(value)) {
        value = target[r] - zeros[r];
      }
      kept[at] = true;
      values[at] = value;
      rounded[r] = zeros[r] + value;
      codes[r] = zeroCodes[r];
    }
  }

  /**
   * A group's weights with those replaced without which the others would be rounded much better:
   * where leaving one out lowers the error by more than the threshold, the mean of the rest stands
   * in its place.
   *
   * <p>Only the ends of a range change it, so that two further fits of each row are enough.
   *
   * @param scheme with a scale for each row
   */
  FloatMatrix calmed(FloatMatrix group, int firstColumn, QuantScheme scheme, FitTask task) {
    int width = group.columns();
    FloatMatrix variants = FloatMatrix.zeros(3 * group.rows(), width);
    int[] ends = new int[2 * group.rows()];
    for (int row = 0; row < group.rows(); row++) {
      int low = 0;
      int high = 0;
      for (int j = 0; j < width; j++) {
        float weight = group.get(row, j);
        low = weight < group.get(row, low) ? j : low;
        high = weight > group.get(row, high) ? j : high;
        for (int variant = 0; variant < 3; variant++) {
          variants.put(3 * row + variant, j, weight);
        }
      }
      // Zero lies within every range, so that it is the same as not being there.
      variants.put(3 * row + 1, low, 0);
      variants.put(3 * row + 2, high, 0);
      ends[2 * row] = low;
      ends[2 * row + 1] = high;
    }
    var grid =
        new MinMaxSearch().fit(new FitTask(variants, scheme, null, task.compute()));
    FloatMatrix calm = group.copy();
    double[] errors = new double[width];
    for (int row = 0; row < group.rows(); row++) {
      double whole = 0;
      double[] without = new double[2];
      for (int j = 0; j < width; j++) {
        float weight = group.get(row, j);
        double pivot = pivots[firstColumn + j];
        double error = (double) grid.nearest(3 * row, j, weight) - weight;
        errors[j] = error * error * pivot;
        whole += errors[j];
        for (int end = 0; end < 2; end++) {
          if (j != ends[2 * row + end]) {
            double other = (double) grid.nearest(3 * row + 1 + end, j, weight) - weight;
            without[end] += other * other * pivot;
          }
        }
      }
      for (int end = 0; end < 2; end++) {
        errors[ends[2 * row + end]] = whole - without[end];
      }
      replace(calm, row, errors);
    }
    return calm;
  }

  private void replace(FloatMatrix calm, int row, double[] gains) {
    double sum = 0;
    int count = 0;
    for (int j = 0; j < gains.length; j++) {
      if (gains[j] <= threshold) {
        sum += calm.get(row, j);
        count++;
      }
    }
    float mean = count == 0 ? 0 : (float) (sum / count);
    for (int j = 0; j < gains.length; j++) {
      if (gains[j] > threshold) {
        calm.put(row, j, mean);
      }
    }
  }

  /** How many are kept. */
  int count() {
    int count = 0;
    for (boolean one : kept) {
      count += one ? 1 : 0;
    }
    return count;
  }

  /** Where they are, row-major. */
  BitSet places() {
    BitSet places = new BitSet(kept.length);
    for (int i = 0; i < kept.length; i++) {
      places.set(i, kept[i]);
    }
    return places;
  }

  /** What is added to the decoded matrix. */
  FloatMatrix values() {
    return FloatMatrix.wrap(kept.length / columns, columns, values);
  }
}
