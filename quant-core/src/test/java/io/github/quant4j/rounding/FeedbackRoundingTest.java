// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;

/** GPTQ and coordinate descent against the papers' loops in double. */
class FeedbackRoundingTest {
  private static final int COLUMNS = 48;

  @SuppressWarnings("unused") // by name
  private static final List<String> SCHEMES = List.of(RoundingProblem.SCHEMES);

  /**
   * The loop of the paper: {@code U} is the upper Cholesky factor of the inverse of the damped
   * moment; the error of a column by {@code U_jj} is taken from all later columns.
   */
  private static FloatMatrix gptq(
      FloatMatrix weights, Grid grid, Gram gram, boolean activationOrder, double damping) {
    int size = gram.size();
    int[] order =
        IntStream.range(0, size)
            .boxed()
            .sorted(
                Comparator.comparingDouble(
                    (Integer j) -> activationOrder ? -gram.values()[j * size + j] : 0))
            .mapToInt(j -> j)
            .toArray();
    double mean = 0;
    for (int j = 0; j < size; j++) {
      mean += gram.values()[j * size + j] / (double) size;
    }
    RealMatrix moment = new Array2DRowRealMatrix(size, size);
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        double added = i == j ? damping * mean : 0;
        moment.setEntry(i, j, gram.values()[order[i] * size + order[j]] + added);
      }
    }
    RealMatrix inverse = new CholeskyDecomposition(moment, 1e-9, 0).getSolver().getInverse();
    RealMatrix upper = new CholeskyDecomposition(inverse, 1e-6, 0).getLT();
    FloatMatrix result = FloatMatrix.zeros(weights.rows(), size);
    for (int row = 0; row < weights.rows(); row++) {
      double[] left = new double[size];
      for (int k = 0; k < size; k++) {
        left[k] = weights.get(row, order[k]);
      }
      for (int k = 0; k < size; k++) {
        float value = grid.nearest(row, order[k], (float) left[k]);
        result.put(row, order[k], value);
        double error = (left[k] - value) / upper.getEntry(k, k);
        for (int later = k; later < size; later++) {
          left[later] -= error * upper.getEntry(k, later);
        }
      }
    }
    return result;
  }

  private static void assertSame(
      FloatMatrix expected, FloatMatrix found, FloatMatrix weights, Gram gram, String message) {
    int same = 0;
    for (int i = 0; i < expected.data().length; i++) {
      same += expected.data()[i] == found.data()[i] ? 1 : 0;
    }
    // A value between two levels may go either way, and what comes after it then differs.
    assertTrue(same >= 0.97 * expected.data().length, message + ": " + same + " are the same");
    double error = RoundingProblem.error(weights, expected, gram);
    assertEquals(error, RoundingProblem.error(weights, found, gram), 0.02 * error, message);
  }

  @ParameterizedTest
  @FieldSource("SCHEMES")
  void theLoopOfThePaperOnAnyGrid(String scheme) {
    SeededRandom random = new SeededRandom(91);
    FloatMatrix weights = random.gaussianMatrix(15, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, COLUMNS), Compute.scalar());
    String fitting = scheme.startsWith("mxfp4") ? "fp4e2m1:g16:sym:e8m0" : scheme;
    for (boolean activationOrder : new boolean[] {false, true}) {
      for (int block : new int[] {8, 128}) {
        RoundingTask task = RoundingProblem.task(weights, fitting, gram, block == 8 ? 2 : 1);
        Rounding rounding = new GptqRounding(activationOrder, false, 0.01, block);
        RoundingResult result = rounding.round(task, null);
        String message = rounding.label() + " " + scheme + ", " + random;
        assertSame(
            gptq(weights, task.grid(), gram, activationOrder, 0.01),
            RoundingProblem.dense(result.grid(), result.codes()),
            weights,
            gram,
            message);
        RoundingReport.Feedback report =
            assertInstanceOf(RoundingReport.Feedback.class, result.report());
        assertEquals(RoundingReport.Feedback.Outcome.DAMPED, report.outcome(), message);
        assertEquals(0.01, report.damping(), message);
      }
    }
  }

  /** Scales and zero points from the weights as they are when their group comes up. */
  @ParameterizedTest
  @CsvSource({"int4:g16:sym:f32", "int3:g16:asym:f32", "nf4:g16:sym:f32"})
  void currentGroupsAreFittedToWhatIsLeft(String scheme) {
    SeededRandom random = new SeededRandom(92);
    FloatMatrix weights = random.gaussianMatrix(9, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, COLUMNS), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    RoundingResult result = new GptqRounding(false, true, 0.01, 128).round(task, null);
    // The final grid, used from the start, must give the same codes ...
    FloatMatrix found = RoundingProblem.dense(result.grid(), result.codes());
    assertSame(gptq(weights, result.grid(), gram, false, 0.01), found, weights, gram, scheme);
    // ... its first group is that of the original weights, and the others are not.
    boolean different = false;
    for (int tile = 0; tile < result.grid().layout().count(); tile++) {
      boolean first = tile % 3 == 0;
      float before = task.grid().scale(tile);
      float after = result.grid().scale(tile);
      assertTrue(!first || before == after, random::toString);
      different |= before != after;
    }
    assertTrue(different, random::toString);
  }

  /** Plain sweeps of the paper, with the codes of nearest rounding as a start. */
  private static FloatMatrix descent(FloatMatrix weights, Grid grid, Gram gram, int sweeps) {
    int size = gram.size();
    FloatMatrix result = FloatMatrix.zeros(weights.rows(), size);
    for (int row = 0; row < weights.rows(); row++) {
      double[] change = new double[size];
      for (int j = 0; j < size; j++) {
        change[j] = grid.nearest(row, j, weights.get(row, j)) - (double) weights.get(row, j);
      }
      for (int sweep = 0; sweep < sweeps; sweep++) {
        for (int j = 0; j < size; j++) {
          double others = 0;
          for (int k = 0; k < size; k++) {
            others += k == j ? 0 : change[k] * gram.values()[k * size + j];
          }
          double best = weights.get(row, j) - others / gram.values()[j * size + j];
          change[j] = grid.nearest(row, j, (float) best) - (double) weights.get(row, j);
        }
      }
      for (int j = 0; j < size; j++) {
        result.put(row, j, (float) (weights.get(row, j) + change[j]));
      }
    }
    return result;
  }

  @ParameterizedTest
  @FieldSource("SCHEMES")
  void plainDescentIsThatOfThePaperAndNeverRises(String scheme) {
    SeededRandom random = new SeededRandom(93);
    FloatMatrix weights = random.gaussianMatrix(15, COLUMNS);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, COLUMNS), Compute.scalar());
    String fitting = scheme.startsWith("mxfp4") ? "fp4e2m1:g16:sym:e8m0" : scheme;
    RoundingTask task = RoundingProblem.task(weights, fitting, gram, 2);
    FloatMatrix nearest = RoundingProblem.dense(task.grid(), NearestRounding.codes(task, null));
    double before = RoundingProblem.error(weights, nearest, gram);
    for (int sweeps = 1; sweeps <= 4; sweeps++) {
      RoundingResult result = new CoordinateDescent(sweeps, false, false).round(task, null);
      FloatMatrix found = RoundingProblem.dense(result.grid(), result.codes());
      double expected =
          RoundingProblem.error(weights, descent(weights, task.grid(), gram, sweeps), gram);
      double error = RoundingProblem.error(weights, found, gram);
      assertEquals(expected, error, 0.01 * expected, scheme + ", " + sweeps + ", " + random);
      assertTrue(error <= before * (1 + 1e-5), scheme + ", " + sweeps + ", " + random);
      before = error;
    }
  }

  @ParameterizedTest
  @FieldSource("SCHEMES")
  void chainsNeverGetWorse(String scheme) {
    SeededRandom random = new SeededRandom(94);
    FloatMatrix weights = random.gaussianMatrix(10, 32);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, 32), Compute.scalar());
    RoundingTask task = RoundingProblem.task(weights, scheme, gram, 1);
    FloatMatrix nearest = RoundingProblem.dense(task.grid(), NearestRounding.codes(task, null));
    RoundingResult result = GptqRounding.defaults().round(task, null);
    byte[] codes = result.codes();
    double gptq = RoundingProblem.error(weights, RoundingProblem.dense(task.grid(), codes), gram);
    double rtn = RoundingProblem.error(weights, nearest, gram);
    // A level of its own for almost every weight leaves little to make up for.
    double limit = scheme.startsWith("codebook") ? 1 : 0.9;
    assertTrue(gptq < limit * rtn, scheme + " " + gptq + " of " + rtn + ", " + random);
    double least = gptq;
    for (Rounding next :
        List.of(
            CoordinateDescent.of(4),
            new CoordinateDescent(3, true, true),
            new AdaRound(50, 0.02, 3),
            new FlexRound(50, 0.005))) {
      result = next.round(task.withGrid(result.grid()), codes.clone());
      codes = result.codes();
      double error =
          RoundingProblem.error(weights, RoundingProblem.dense(result.grid(), codes), gram);
      assertTrue(error <= least * (1 + 1e-5), next.label() + " on " + scheme + ", " + random);
      least = error;
    }
  }

  @Test
  void threadsDoNotMatter() {
    SeededRandom random = new SeededRandom(95);
    FloatMatrix weights = random.gaussianMatrix(300, 160);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 400, 160), Compute.scalar());
    RoundingTask alone = RoundingProblem.task(weights, "int3:g32:asym", gram, 1);
    RoundingTask team = RoundingProblem.task(weights, "int3:g32:asym", gram, 3);
    for (Rounding rounding :
        List.of(
            GptqRounding.defaults(),
            GptqRounding.defaults().withCurrentGroups(true),
            GptqRounding.defaults().withActivationOrder(true),
            CoordinateDescent.of(3))) {
      assertArrayEquals(
          rounding.round(alone, null).codes(),
          rounding.round(team, null).codes(),
          rounding.label());
    }
  }
}
