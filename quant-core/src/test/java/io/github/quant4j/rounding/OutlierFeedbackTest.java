// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.BitSet;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** SpQR against the loop of its authors, written out in double. */
class OutlierFeedbackTest {
  private static final int ROWS = 24;
  private static final int COLUMNS = 48;
  private static final int GROUP = 16;
  private static final int BITS = 3;

  private static FloatMatrix weights(SeededRandom random) {
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    for (int i = 0; i < 20; i++) {
      weights.data()[random.nextInt(0, ROWS * COLUMNS)] *= 6;
    }
    return weights;
  }

  /** Asymmetric min-max of some values with zero: scale and whole zero point. */
  private static double[] fit(double[] values, int without) {
    double low = 0;
    double high = 0;
    for (int j = 0; j < values.length; j++) {
      if (j != without) {
        low = Math.min(low, values[j]);
        high = Math.max(high, values[j]);
      }
    }
    double steps = (1 << BITS) - 1;
    double scale = high == low ? 1 : (high - low) / steps;
    return new double[] {scale, Math.clamp(Math.rint(-low / scale), 0, steps)};
  }

  private static double nearest(double value, double[] fitted) {
    double code = Math.clamp(Math.rint(value / fitted[0] + fitted[1]), 0, (1 << BITS) - 1);
    return (code - fitted[1]) * fitted[0];
  }

  private static RealMatrix upper(Gram gram) {
    double mean = 0;
    for (int j = 0; j < COLUMNS; j++) {
      mean += gram.values()[j * COLUMNS + j] / (double) COLUMNS;
    }
    RealMatrix moment = new Array2DRowRealMatrix(COLUMNS, COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
      for (int j = 0; j < COLUMNS; j++) {
        moment.setEntry(
            i, j, gram.values()[i * COLUMNS + j] + (i == j ? 0.01 * mean : 0));
      }
    }
    RealMatrix inverse = new CholeskyDecomposition(moment, 1e-9, 0).getSolver().getInverse();
    return new CholeskyDecomposition(inverse, 1e-6, 0).getLT();
  }

  private static double threshold(FloatMatrix weights, RealMatrix upper, double tau) {
    double sum = 0;
    for (int j = 0; j < COLUMNS; j++) {
      double mean = 0;
      for (int i = 0; i < ROWS; i++) {
        mean += weights.get(i, j) / (double) ROWS;
      }
      double variance = 0;
      for (int i = 0; i < ROWS; i++) {
        variance += Math.pow(weights.get(i, j) - mean, 2) / ROWS;
      }
      sum += variance / Math.pow(upper.getEntry(j, j), 2) / COLUMNS;
    }
    return tau * sum;
  }

  /** A group fitted without the weights that leaving out would pay for, one by one. */
  private static double[] robust(double[] group, double[] diagonal, double threshold) {
    double[] whole = fit(group, -1);
    double baseline = 0;
    for (int j = 0; j < group.length; j++) {
      baseline += Math.pow((nearest(group[j], whole) - group[j]) / diagonal[j], 2);
    }
    double sum = 0;
    int count = 0;
    boolean[] spoils = new boolean[group.length];
    for (int i = 0; i < group.length; i++) {
      double[] fitted = fit(group, i);
      double error = 0;
      for (int j = 0; j < group.length; j++) {
        error +=
            j == i ? 0 : Math.pow((nearest(group[j], fitted) - group[j]) / diagonal[j], 2);
      }
      spoils[i] = baseline - error > threshold;
      sum += spoils[i] ? 0 : group[i];
      count += spoils[i] ? 0 : 1;
    }
    double[] calm = group.clone();
    for (int i = 0; i < group.length; i++) {
      calm[i] = spoils[i] ? sum / Math.max(1, count) : group[i];
    }
    return fit(calm, -1);
  }

  /** The loop of the authors; kept weights stay as other errors have left them. */
  private static FloatMatrix spqr(FloatMatrix weights, Gram gram, double tau, BitSet kept) {
    RealMatrix upper = upper(gram);
    double threshold = threshold(weights, upper, tau);
    FloatMatrix result = FloatMatrix.zeros(ROWS, COLUMNS);
    for (int row = 0; row < ROWS; row++) {
      double[] left = new double[COLUMNS];
      for (int j = 0; j < COLUMNS; j++) {
        left[j] = weights.get(row, j);
      }
      double[] fitted = new double[0];
      for (int j = 0; j < COLUMNS; j++) {
        if (j % GROUP == 0) {
          double[] group = new double[GROUP];
          double[] diagonal = new double[GROUP];
          for (int k = 0; k < GROUP; k++) {
            group[k] = left[j + k];
            diagonal[k] = upper.getEntry(j + k, j + k);
          }
          fitted = robust(group, diagonal, threshold);
        }
        double value = nearest(left[j], fitted);
        if (Math.pow((left[j] - value) / upper.getEntry(j, j), 2) > threshold) {
          kept.set(row * COLUMNS + j);
          value = left[j];
        }
        result.put(row, j, (float) value);
        double error = (left[j] - value) / upper.getEntry(j, j);
        for (int later = j; later < COLUMNS; later++) {
          left[later] -= error * upper.getEntry(j, later);
        }
      }
    }
    return result;
  }

  private static FloatMatrix sum(OutlierRoundingResult result) {
    FloatMatrix sum = RoundingProblem.dense(result.rounding().grid(), result.rounding().codes());
    for (int i = 0; i < sum.data().length; i++) {
      sum.data()[i] += result.values().data()[i];
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.005, 0.02, 0.1})
  void keepsWhatTheAuthorsKeep(double share) {
    SeededRandom random = new SeededRandom(51);
    FloatMatrix weights = weights(random);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, "int3:g16:asym:f32", gram, 1);
    OutlierRoundingResult result =
        new GptqRounding(false, true, 0.01, 128).roundKeeping(task, share, DType.F32);
    int wanted = (int) Math.round(share * ROWS * COLUMNS);
    int count = result.places().cardinality();
    assertTrue(count <= wanted && count >= 0.8 * wanted - 2, count + " of " + wanted);
    BitSet expected = new BitSet();
    FloatMatrix reference = spqr(weights, gram, result.threshold(), expected);
    BitSet both = (BitSet) expected.clone();
    both.and(result.places());
    // Values between two levels may go either way, and what comes after them then differs.
    assertTrue(
        both.cardinality() >= 0.9 * Math.max(expected.cardinality(), count) - 1,
        () -> expected + " expected, found " + result.places() + ", " + random);
    double error = RoundingProblem.error(weights, reference, gram);
    assertEquals(error, RoundingProblem.error(weights, sum(result), gram), 0.05 * error, random + "");
  }

  /** The slot of a kept weight is as near to zero as the grid is, and value and slot make it up. */
  @ParameterizedTest
  @ValueSource(strings = {"int3:g16:asym:f16", "binary:g16:sym:f16", "nf4:channel:sym:f16"})
  void slotsOfKeptWeightsAreZeroOrNearest(String scheme) {
    SeededRandom random = new SeededRandom(52);
    FloatMatrix weights = weights(random);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, COLUMNS), Compute.scalar());
    for (boolean current : new boolean[] {false, true}) {
      RoundingTask task = RoundingProblem.task(weights, scheme, gram, 2);
      OutlierRoundingResult result =
          new GptqRounding(false, current, 0.01, 128).roundKeeping(task, 0.05, DType.F16);
      FloatMatrix codes = RoundingProblem.dense(result.rounding().grid(), result.rounding().codes());
      assertTrue(result.places().cardinality() > 20, random::toString);
      for (int i = 0; i < codes.data().length; i++) {
        if (result.places().get(i)) {
          float zero = result.rounding().grid().nearest(i / COLUMNS, i % COLUMNS, 0);
          assertEquals(zero, codes.data()[i], random::toString);
        } else {
          assertEquals(0, result.values().data()[i]);
        }
      }
    }
  }

  /** Groups in the order of rounding need the columns in that order. */
  @Test
  void currentGroupsOutOfOrderAreRefusedByTheRoundingItself() {
    SeededRandom random = new SeededRandom(53);
    FloatMatrix weights = weights(random);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, "int3:g16:asym", gram, 1);
    GptqRounding both = new GptqRounding(true, true, 0.01, 128);
    IllegalArgumentException error =
        assertThrows(IllegalArgumentException.class, () -> both.round(task, null));
    assertTrue(String.valueOf(error.getMessage()).contains("act-order"), error.getMessage());
  }

  /** A moment that is all zeros chooses nothing and fails nothing. */
  @Test
  void withoutAMomentNothingIsKept() {
    SeededRandom random = new SeededRandom(54);
    FloatMatrix weights = weights(random);
    RoundingTask task =
        RoundingProblem.task(weights, "int3:g16:asym", Gram.empty(COLUMNS), 1);
    OutlierRoundingResult result =
        GptqRounding.defaults().roundKeeping(task, 0.05, DType.F16);
    assertTrue(result.places().isEmpty());
  }
}
