// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.BitSet;

/** Chooses the elements of a sparse term. Of equal scores the first in the matrix wins. */
final class OutlierSelection {
  private OutlierSelection() {}

  /** The elements of the highest scores, up to a share of the matrix; scores of 0 never count. */
  static BitSet highest(float[] scores, double share) {
    int count = (int) Math.min(scores.length, Math.round(share * scores.length));
    BitSet chosen = new BitSet(scores.length);
    if (count == 0) {
      return chosen;
    }
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    float threshold = sorted[sorted.length - count];
    int left = count;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] > threshold) {
        chosen.set(i);
        left--;
      }
    }
    for (int i = 0; i < scores.length && left > 0; i++) {
      if (scores[i] == threshold && threshold > 0) {
        chosen.set(i);
        left--;
      }
    }
    return chosen;
  }

  /** The elements farther than some standard deviations from the mean of their row. */
  static BitSet beyondSigma(FloatMatrix matrix, double sigmas) {
    BitSet chosen = new BitSet(matrix.data().length);
    int columns = matrix.columns();
    for (int row = 0; row < matrix.rows(); row++) {
      double mean = 0;
      for (int i = 0; i < columns; i++) {
        mean += matrix.data()[row * columns + i];
      }
      mean /= columns;
      double variance = 0;
      for (int i = 0; i < columns; i++) {
        double d = matrix.data()[row * columns + i] - mean;
        variance += d * d / columns;
      }
      double bound = sigmas * Math.sqrt(variance);
      for (int i = 0; i < columns; i++) {
        if (Math.abs(matrix.data()[row * columns + i] - mean) > bound) {
          chosen.set(row * columns + i);
        }
      }
    }
    return chosen;
  }

  /** The scores of all elements by a criterion. */
  static float[] scores(FloatMatrix matrix, OutlierCriterion criterion, FitProblem problem) {
    float[] data = matrix.data();
    float[] scores = new float[data.length];
    int columns = matrix.columns();
    double[] factor = new double[columns];
    FloatMatrix base = matrix;
    switch (criterion) {
      // Those that are chosen while others are rounded begin with the largest ones.
      case MAGNITUDE, LOOP, DESCENT -> Arrays.fill(factor, 1);
      case SENSITIVITY -> factor = problem.moment().diagonal();
      case SALIENCY, ROUNDING -> {
        double[] inverse = problem.moment().inverseDiagonal();
        for (int j = 0; j < columns; j++) {
          factor[j] = 1 / inverse[j];
        }
        if (criterion == OutlierCriterion.ROUNDING) {
          base = Matrices.difference(matrix, problem.nearest(matrix).dequantize());
        }
      }
      case SCORES -> {
        return problem.scores();
      }
    }
    for (int i = 0; i < data.length; i++) {
      double value = base.data()[i];
      scores[i] = (float) (value * value * factor[i % columns]);
    }
    return scores;
  }
}
