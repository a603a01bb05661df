// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients against finite differences of the loss in double, results against nearest rounding. */
class LearnedRoundingTest {
  private static final int ROWS = 5;
  private static final int COLUMNS = 32;

  @SuppressWarnings("unused") // by name
  private static final List<String> SCHEMES = List.of(RoundingProblem.SCHEMES);

  private static double meanDiagonal(Gram gram) {
    double sum = 0;
    for (float value : gram.diagonal()) {
      sum += value;
    }
    return sum / gram.size();
  }

  /** {@code e H e^T} of all rows. */
  private static double quadratic(double[] change, Gram gram) {
    int columns = gram.size();
    double sum = 0;
    for (int from = 0; from < change.length; from += columns) {
      for (int i = 0; i < columns; i++) {
        for (int j = 0; j < columns; j++) {
          sum += change[from + i] * gram.values()[i * columns + j] * change[from + j];
        }
      }
    }
    return sum;
  }

  private static double soft(double logit) {
    return Math.clamp(1.2 / (1 + Math.exp(-logit)) - 0.1, 0.0, 1.0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"int4:g8:sym:f16", "int3:g8:asym:f16", "nf4:g8", "codebook(8):channel"})
  void gradientsOfAdaRoundAreThoseOfItsLoss(String scheme) {
    SeededRandom random = new SeededRandom(71);
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 100, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    Grid grid = task.grid();
    double mean = meanDiagonal(gram);
    AdaRound rounding = new AdaRound(10, 0.01, 0.3);
    LearnedSlab slab = new LearnedSlab(task, gram, 0, NearestRounding.codes(task, null));
    AdaRound.Soft learned = rounding.new Soft(slab, mean);
    int count = ROWS * COLUMNS;
    double[] below = new double[count];
    double[] width = new double[count];
    double unit = 0;
    for (int i = 0; i < count; i++) {
      float weight = weights.data()[i];
      below[i] = grid.below(i / COLUMNS, i % COLUMNS, weight);
      width[i] = grid.above(i / COLUMNS, i % COLUMNS, weight) - below[i];
      unit += mean * width[i] * width[i] / count;
      // The start is the weight itself.
      if (width[i] > 0) {
        assertEquals(weight, below[i] + width[i] * soft(learned.logits[i]), 1e-5, random + "");
      }
      learned.logits[i] = 3 * random.nextGaussian();
      slab.change[i] = (float) (below[i] + width[i] * soft(learned.logits[i]) - weight);
    }
    slab.updateGradient();
    for (double beta : new double[] {0, 2, 6.5}) {
      int checked = 0;
      for (int i = 0; i < count; i += 3) {
        double step = 1e-4;
        double logit = learned.logits[i];
        double expected =
            (loss(logit + step, i, beta, learned.logits, below, width, weights, gram, unit)
                    - loss(
                        logit - step, i, beta, learned.logits, below, width, weights, gram, unit))
                / (2 * step);
        boolean flat = Math.abs(soft(logit) - 0.5) > 0.499;
        if (!flat && width[i] > 0) {
          double found = learned.gradient(i, beta);
          assertEquals(expected, found, 1e-3 * Math.abs(expected) + 2e-4, scheme + ", " + random);
          checked++;
        }
      }
      assertTrue(checked > 10, () -> scheme + ", " + random);
    }
  }

  /** The loss with one logit changed. */
  private static double loss(
      double logit,
      int changed,
      double beta,
      float[] logits,
      double[] below,
      double[] width,
      FloatMatrix weights,
      Gram gram,
      double unit) {
    double[] change = new double[logits.length];
    double penalty = 0;
    for (int i = 0; i < change.length; i++) {
      double h = soft(i == changed ? logit : logits[i]);
      change[i] = below[i] + width[i] * h - weights.data()[i];
      penalty += beta == 0 ? 0 : 1 - Math.pow(Math.abs(2 * h - 1), beta);
    }
    return quadratic(change, gram) / unit + 0.3 * penalty;
  }

  /** The rounding error is taken as a constant, and values beyond the grid do not move. */
  @ParameterizedTest
  @ValueSource(strings = {"int4:g8:sym:f16", "int3:g8:asym:f16", "fp4e2m1:channel"})
  void gradientsOfFlexRoundAreThoseOfItsLoss(String scheme) {
    SeededRandom random = new SeededRandom(72);
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 100, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    Grid grid = task.grid();
    double mean = meanDiagonal(gram);
    LearnedSlab slab = new LearnedSlab(task, gram, 0, NearestRounding.codes(task, null));
    FlexRound.Divisors divisors =
        FlexRound.defaults().new Divisors(slab, mean, FittedScales.of(task.grid(), false));
    int count = ROWS * COLUMNS;
    double unit = 0;
    for (int row = 0; row < ROWS; row++) {
      divisors.rows[row] = 0.1f * random.nextGaussian();
      for (int column = 0; column < COLUMNS; column++) {
        int i = slab.index(row, column);
        divisors.elements[i] = 0.3f * random.nextGaussian();
        float quotient = divisors.quotient(row, column);
        slab.change[i] = grid.nearest(row, column, quotient) - weights.data()[i];
        unit += mean * weights.data()[i] * weights.data()[i] / count;
      }
    }
    slab.updateGradient();
    int outside = 0;
    for (int i = 0; i < count; i++) {
      int row = i / COLUMNS;
      int column = i % COLUMNS;
      double[] change = new double[count];
      for (int k = 0; k < count; k++) {
        change[k] = slab.change[k];
      }
      double quotient = divisors.quotient(row, column);
      double step = 1e-4;
      change[i] = slab.change[i] + quotient * (Math.exp(-step) - 1);
      double after = quadratic(change, gram);
      change[i] = slab.change[i] + quotient * (Math.exp(step) - 1);
      double expected = (after - quadratic(change, gram)) / (2 * step) / unit;
      float farthest =
          quotient < 0
              ? grid.nearest(row, column, -Float.MAX_VALUE)
              : grid.nearest(row, column, Float.MAX_VALUE);
      boolean beyond = Math.abs(quotient) > Math.abs(farthest);
      outside += beyond ? 1 : 0;
      double found = divisors.gradient(row, column);
      assertEquals(
          beyond ? 0 : expected, found, 1e-3 * Math.abs(expected) + 2e-4, scheme + ", " + random);
    }
    assertTrue(outside > 0, () -> scheme + ", " + random);
  }

  /** Of the logarithm of a scale, with codes and rounding errors taken as they are. */
  @ParameterizedTest
  @ValueSource(strings = {"int4:g8:sym:f32", "int3:channel:asym:f32", "fp4e2m1:channel:sym:f32"})
  void gradientsOfFlexRoundsScalesAreThoseOfItsLoss(String scheme) {
    SeededRandom random = new SeededRandom(76);
    FloatMatrix weights = random.gaussianMatrix(ROWS, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 100, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    double mean = meanDiagonal(gram);
    LearnedSlab slab = new LearnedSlab(task, gram, 0, NearestRounding.codes(task, null));
    FlexRound.Divisors divisors =
        FlexRound.defaults().new Divisors(slab, mean, FittedScales.of(task.grid(), false));
    double unit = 0;
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      divisors.elements[i] = 0.3f * random.nextGaussian();
      float quotient = divisors.quotient(i / COLUMNS, i % COLUMNS);
      slab.change[i] = task.grid().nearest(i / COLUMNS, i % COLUMNS, quotient) - weights.data()[i];
      unit += mean * weights.data()[i] * weights.data()[i] / (ROWS * COLUMNS);
    }
    slab.updateGradient();
    for (int tile = 0; tile < task.grid().layout().count(); tile++) {
      double found = 0;
      double[] direction = new double[ROWS * COLUMNS];
      for (int i = 0; i < direction.length; i++) {
        int row = i / COLUMNS;
        int column = i % COLUMNS;
        if (task.grid().layout().index(row, column) != tile) {
          continue;
        }
        found += divisors.scaleGradient(row, column);
        // The straight-through rule: s (round(v / s) - v / s) changes, v does not.
        float quotient = divisors.quotient(row, column);
        float value = weights.data()[i] + slab.change[i];
        float least = task.grid().nearest(row, column, -1e30f);
        float most = task.grid().nearest(row, column, 1e30f);
        direction[i] = quotient < least || quotient > most ? value : value - quotient;
      }
      double step = 1e-4;
      double[] ends = new double[2];
      for (int end = 0; end < 2; end++) {
        double[] change = new double[direction.length];
        for (int i = 0; i < change.length; i++) {
          change[i] = slab.change[i] + (end == 0 ? -step : step) * direction[i];
        }
        ends[end] = quadratic(change, gram);
      }
      double expected = (ends[1] - ends[0]) / (2 * step) / unit;
      assertEquals(expected, found, 2e-3 * Math.abs(expected) + 1e-3, scheme + ", " + random);
    }
  }

  /** From the full range the learned scale goes where a search would have found it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"int4:channel:sym:f16", "int3:channel:asym:f16", "int4:g16:sym:second-order"})
  void flexRoundLearnsScales(String scheme) {
    SeededRandom random = new SeededRandom(77);
    FloatMatrix weights = random.gaussianMatrix(12, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 200, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    RoundingResult result = new FlexRound(300, 0.004).round(task, null);
    int changed = 0;
    for (int tile = 0; tile < task.grid().layout().count(); tile++) {
      changed += task.grid().scale(tile) == result.grid().scale(tile) ? 0 : 1;
    }
    assertTrue(changed > task.grid().layout().count() / 3, changed + ", " + random);
    FloatMatrix dense = RoundingProblem.dense(result.grid(), result.codes());
    RoundingReport.Descent report = (RoundingReport.Descent) result.report();
    double error = RoundingProblem.error(weights, dense, gram);
    assertEquals(report.errorAfter(), error, 1e-3 * error, random::toString);
  }

  @ParameterizedTest
  @FieldSource("SCHEMES")
  void neverWorseThanNearestAndUsuallyMuchBetter(String scheme) {
    SeededRandom random = new SeededRandom(73);
    FloatMatrix weights = random.gaussianMatrix(12, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 200, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    FloatMatrix nearest = RoundingProblem.dense(task.grid(), NearestRounding.codes(task, null));
    double before = RoundingProblem.error(weights, nearest, gram);
    for (Rounding rounding : List.of(new AdaRound(300, 0.03, 3), new FlexRound(300, 0.004))) {
      RoundingResult result = rounding.round(task, null);
      FloatMatrix dense = RoundingProblem.dense(result.grid(), result.codes());
      double after = RoundingProblem.error(weights, dense, gram);
      for (int row = 0; row < weights.rows(); row++) {
        double start = RoundingProblem.error(weights, nearest, gram, row);
        double end = RoundingProblem.error(weights, dense, gram, row);
        assertTrue(end <= start * (1 + 1e-5), rounding.label() + ", row " + row + ", " + random);
      }
      assertTrue(after < 0.9 * before, rounding.label() + " " + after + " of " + before);
      RoundingReport.Descent report =
          assertInstanceOf(RoundingReport.Descent.class, result.report());
      assertEquals(before, report.errorBefore(), 1e-3 * before, rounding.label());
      assertEquals(after, report.errorAfter(), 1e-3 * before, rounding.label());
      assertTrue(report.improvedRows() > 0 && report.improvedRows() <= 12);
    }
  }

  /** A chain hands on its codes, and what learning cannot improve stays. */
  @Test
  void startsFromTheChain() {
    SeededRandom random = new SeededRandom(74);
    FloatMatrix weights = random.gaussianMatrix(8, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 200, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, "int3:g8:asym", gram, 1);
    byte[] start =
        CoordinateDescent.of(6)
            .round(task, GptqRounding.defaults().round(task, null).codes())
            .codes();
    double before = RoundingProblem.error(weights, RoundingProblem.dense(task.grid(), start), gram);
    for (Rounding rounding : List.of(AdaRound.defaults(), FlexRound.defaults())) {
      RoundingResult result = rounding.round(task, start.clone());
      double after =
          RoundingProblem.error(
              weights, RoundingProblem.dense(result.grid(), result.codes()), gram);
      assertTrue(after <= before * (1 + 1e-5), rounding.label() + ", " + random);
    }
  }

  /** More rows than are learned at once, on any number of threads. */
  @Test
  void threadsAndSlabsDoNotMatter() {
    SeededRandom random = new SeededRandom(75);
    FloatMatrix weights = random.gaussianMatrix(LearnedSlab.ROWS + 7, 16);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 60, 16), Compute.scalar());
    for (Rounding rounding : List.of(new AdaRound(20, 0.05, 3), new FlexRound(20, 0.01))) {
      RoundingTask alone = RoundingProblem.task(weights, "int3:channel:sym", gram, 1);
      RoundingTask team = RoundingProblem.task(weights, "int3:channel:sym", gram, 3);
      byte[] codes = rounding.round(alone, null).codes();
      assertArrayEquals(codes, rounding.round(team, null).codes(), rounding.label());
      assertNotEquals(
          List.of(), List.of(NearestRounding.codes(alone, null), codes), rounding.label());
    }
  }

  @Test
  void parametersAreChecked() {
    assertThrows(IllegalArgumentException.class, () -> new AdaRound(0, 0.1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> new AdaRound(10, -0.1, 0.1));
    assertThrows(IllegalArgumentException.class, () -> new AdaRound(10, 0.1, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new FlexRound(10, 2));
  }
}
