// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.QuantizationResult;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.CoordinateDescent;
import io.github.quant4j.rounding.RoundingTask;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.statistic.GramCheck;
import io.github.quant4j.statistic.OutputError;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/**
 * Iterative hard thresholding in turn with coordinate descent: the outlier-aware variant of
 * QuantEase (Behdin et al., arXiv 2309.01885).
 *
 * <p>With the error {@code R = Q + S - W} of the quantized matrix Q and the sparse one S, a step is
 * {@code S <- TopK(S - R H / lambda)}: 1/(2 lambda) of the gradient {@code 2 R H}, with the largest
 * eigenvalue lambda of H, which cannot raise {@code tr(R H R^T)}; the values at the places that it
 * keeps are then those of the least error. Sweeps over Q on {@code W - S} follow, on the grid that
 * was fitted without the largest weights, and keep the best codes of each row, so that the error
 * falls in every turn.
 */
final class HardThresholding {
  private static final int TURNS = 12;

  /** One of them leaves the grid, if the chain's do. */
  private static final int SWEEPS_IN_TURN = 3;

  private static final double LEAST_GAIN = 1e-4;
  private static final int POWER_STEPS = 60;

  /** The power method comes from below. */
  private static final double MARGIN = 1.02;

  private HardThresholding() {}

  static JointOutliers.Split split(
      Quantizer quantizer, double share, FloatMatrix weights, Gram gram, FitProblem problem) {
    BitSet places = largest(weights, share);
    FloatMatrix sparse = only(weights, places);
    QuantizationResult start =
        quantizer.run(
            Matrices.difference(weights, sparse), Optional.of(gram), places, problem.compute());
    problem.note(start.reports());
    JointOutliers.Split best = new JointOutliers.Split(start.matrix(), places, sparse);
    if (!GramCheck.isUsable(gram)) {
      return best;
    }
    double lambda = MARGIN * largestEigenvalue(gram);
    CoordinateDescent sweeps = sweeps(quantizer);
    double error = OutputError.total(change(best, weights), gram, problem.compute());
    for (int turn = 0; turn < TURNS; turn++) {
      JointOutliers.Split next = turn(best, sweeps, quantizer, share, weights, gram, lambda, problem);
      double nextError = OutputError.total(change(next, weights), gram, problem.compute());
      boolean gained = nextError < error * (1 - LEAST_GAIN);
      if (nextError < error) {
        best = next;
        error = nextError;
      }
      if (!gained) {
        break;
      }
    }
    return best;
  }

  private static CoordinateDescent sweeps(Quantizer quantizer) {
    return quantizer.roundings().stream()
        .filter(CoordinateDescent.class::isInstance)
        .map(CoordinateDescent.class::cast)
        .map(step -> new CoordinateDescent(SWEEPS_IN_TURN, step.relaxed(), step.activationOrder()))
        .findFirst()
        .orElseThrow();
  }

  private static JointOutliers.Split turn(
      JointOutliers.Split now,
      CoordinateDescent sweeps,
      Quantizer quantizer,
      double share,
      FloatMatrix weights,
      Gram gram,
      double lambda,
      FitProblem problem) {
    FloatMatrix change = change(now, weights);
    FloatMatrix gradient = FloatMatrix.zeros(weights.rows(), weights.columns());
    problem
        .compute()
        .multiplyAdd(
            1,
            MatrixView.of(change),
            MatrixView.dense(gram.values(), gram.size(), gram.size()),
            MatrixView.of(gradient));
    FloatMatrix moved = now.values().copy();
    for (int i = 0; i < moved.data().length; i++) {
      moved.data()[i] -= (float) (gradient.data()[i] / lambda);
    }
    BitSet places = largest(moved, share);
    FloatMatrix sparse = refitted(now, places, weights, gram, problem);
    RoundingTask task =
        new RoundingTask(
            Matrices.difference(weights, sparse),
            now.matrix().grid(),
            gram,
            quantizer.search(),
            problem.compute());
    byte[] codes = sweeps.round(task, codes(now.matrix())).codes();
    return new JointOutliers.Split(
        QuantizedMatrix.of(now.matrix().grid(), codes), places, sparse);
  }

  /** The values at some places that make up best for the errors of all other weights. */
  private static FloatMatrix refitted(
      JointOutliers.Split now,
      BitSet places,
      FloatMatrix weights,
      Gram gram,
      FitProblem problem) {
    int columns = weights.columns();
    InputMoment moment = new InputMoment(columns, Optional.of(gram), problem.compute());
    FloatMatrix rounded = now.matrix().dequantize();
    FloatMatrix sparse = FloatMatrix.zeros(weights.rows(), columns);
    problem
        .compute()
        .team()
        .run(
            weights.rows(),
            row -> {
              int first = row * columns;
              int[] kept =
                  places.get(first, first + columns).stream().toArray();
              double[] error = new double[columns];
              for (int j = 0; j < columns; j++) {
                error[j] = (double) rounded.data()[first + j] - weights.data()[first + j];
              }
              for (int column : kept) {
                error[column] = 0;
              }
              double[] best = LeastSquares.compensation(moment, error, kept);
              for (int i = 0; i < kept.length; i++) {
                int at = first + kept[i];
                sparse.data()[at] = (float) (weights.data()[at] - rounded.data()[at] + best[i]);
              }
            });
    return sparse;
  }

  private static byte[] codes(QuantizedMatrix matrix) {
    byte[] codes = new byte[Math.multiplyExact(matrix.rows(), matrix.columns())];
    for (int row = 0; row < matrix.rows(); row++) {
      matrix.codes().unpackRow(row, codes, row * matrix.columns());
    }
    return codes;
  }

  private static FloatMatrix change(JointOutliers.Split split, FloatMatrix weights) {
    FloatMatrix change = split.matrix().dequantize();
    for (int i = 0; i < change.data().length; i++) {
      change.data()[i] += split.values().data()[i] - weights.data()[i];
    }
    return change;
  }

  private static BitSet largest(FloatMatrix matrix, double share) {
    float[] scores = new float[matrix.data().length];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = Math.abs(matrix.data()[i]);
    }
    return OutlierSelection.highest(scores, share);
  }

  private static FloatMatrix only(FloatMatrix matrix, BitSet places) {
    FloatMatrix result = FloatMatrix.zeros(matrix.rows(), matrix.columns());
    places.stream().forEach(at -> result.data()[at] = matrix.data()[at]);
    return result;
  }

  /** By the power method, in double. */
  static double largestEigenvalue(Gram gram) {
    int size = gram.size();
    float[] values = gram.values();
    double[] vector = new double[size];
    Arrays.fill(vector, 1 / Math.sqrt(size));
    double eigenvalue = 0;
    for (int step = 0; step < POWER_STEPS; step++) {
      double[] product = new double[size];
      double square = 0;
      for (int i = 0; i < size; i++) {
        for (int j = 0; j < size; j++) {
          product[i] += values[i * size + j] * vector[j];
        }
        square += product[i] * product[i];
      }
      eigenvalue = Math.sqrt(square);
      if (eigenvalue == 0) {
        break;
      }
      for (int i = 0; i < size; i++) {
        vector[i] = product[i] / eigenvalue;
      }
    }
    double largest = 0;
    for (int i = 0; i < size; i++) {
      largest = Math.max(largest, values[i * size + i]);
    }
    // No eigenvalue is largest below the largest diagonal element.
    return Math.max(eigenvalue, largest);
  }
}
