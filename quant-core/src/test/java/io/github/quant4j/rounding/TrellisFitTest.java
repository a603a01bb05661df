// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.TrellisCode;
import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.metric.LayerProducts;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.ProductRole;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.CholeskyDecomposition;
import org.apache.commons.math3.linear.LUDecomposition;
import org.apache.commons.math3.linear.RealMatrix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrellisFitTest {
  private static final double DAMPING = 0.01;

  private static TrellisFit fit(int bits, int window, int planes, int passes, int sweeps) {
    TrellisCodes.Entry code = TrellisCodes.find(bits, window, planes).orElseThrow();
    return new TrellisFit(code, DAMPING, passes, sweeps);
  }

  private static FloatMatrix dense(TrellisMatrix matrix) {
    FloatMatrix dense = FloatMatrix.zeros(matrix.rows(), matrix.columns());
    for (int r = 0; r < matrix.rows(); r++) {
      matrix.decodeRow(r, dense.data(), r * matrix.columns());
    }
    return dense;
  }

  private static RealMatrix damped(Gram gram) {
    int size = gram.size();
    double mean = 0;
    RealMatrix h = new Array2DRowRealMatrix(size, size);
    for (int i = 0; i < size; i++) {
      mean += gram.values()[i * size + i] / (double) size;
      for (int j = 0; j < size; j++) {
        h.setEntry(i, j, gram.values()[i * size + j]);
      }
    }
    for (int i = 0; i < size; i++) {
      h.addToEntry(i, i, DAMPING * mean);
    }
    return h;
  }

  private static double error(FloatMatrix weights, TrellisMatrix coded, RealMatrix h) {
    FloatMatrix dense = dense(coded);
    double error = 0;
    for (int r = 0; r < weights.rows(); r++) {
      double[] e = new double[weights.columns()];
      for (int c = 0; c < e.length; c++) {
        e[c] = (double) dense.get(r, c) - weights.get(r, c);
      }
      double[] he = h.operate(e);
      for (int c = 0; c < e.length; c++) {
        error += e[c] * he[c];
      }
    }
    return error;
  }

  /**
   * With at most 16 columns nothing comes after a column's end, so that each column must be the
   * closest to what GPTQ's inverse asks for, given the columns before it as they were coded.
   */
  @ParameterizedTest
  @CsvSource({"32, 16, 2, 8, 4", "20, 9, 3, 8, 5", "128, 5, 2, 8, 3", "7, 16, 4, 8, 6"})
  void columnsMakeUpForThoseBefore(int rows, int columns, int bits, int window, int planes) {
    SeededRandom random = new SeededRandom(rows * 100 + columns);
    FloatMatrix weights = random.gaussianMatrix(rows, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 80, columns), Compute.scalar());
    TrellisMatrix coded =
        fit(bits, window, planes, 1, 0)
            .fit(weights, Optional.of(gram), "trellis", Compute.scalar())
            .matrix();
    TrellisCodes.Entry entry = TrellisCodes.find(bits, window, planes).orElseThrow();
    // The scales of the only pass are those it begins with, not those refitted after it.
    double[] scales = new double[rows];
    double mean = 0;
    for (int r = 0; r < rows; r++) {
      double power = 0;
      for (int c = 0; c < columns; c++) {
        power += Math.pow(weights.get(r, c), 2) / columns;
      }
      float scale = (float) (1.05 * Math.sqrt(power) / entry.deviation());
      scales[r] = Float.float16ToFloat(Float.floatToFloat16(scale));
      mean += scales[r] * scales[r] / TrellisMatrix.paddedRows(rows);
    }
    RealMatrix inverse = new LUDecomposition(damped(gram)).getSolver().getInverse();
    double[][] upper = new CholeskyDecomposition(inverse, 1e-9, 0).getLT().getData();
    byte[] integers = new byte[columns];
    double[][] updated = new double[rows][columns];
    int[][] values = new int[rows][columns];
    for (int r = 0; r < rows; r++) {
      coded.decodeIntegers(r, integers, 0);
      for (int c = 0; c < columns; c++) {
        updated[r][c] = weights.get(r, c);
        values[r][c] = integers[c];
      }
    }
    for (int column = 0; column < columns; column++) {
      double cost = 0;
      double[] targets = new double[TrellisMatrix.paddedRows(rows)];
      double[] importance = new double[targets.length];
      for (int r = 0; r < rows; r++) {
        targets[r] = updated[r][column] / scales[r];
        importance[r] = scales[r] * scales[r] / mean;
        cost += importance[r] * Math.pow(targets[r] - values[r][column], 2);
      }
      double least = leastCost(entry.code(), targets, importance);
      assertEquals(least, cost, 2e-4 * least, random + ", column " + column);
      for (int r = 0; r < rows; r++) {
        double error = updated[r][column] - scales[r] * values[r][column];
        for (int c = column + 1; c < columns; c++) {
          updated[r][c] -= error / upper[column][column] * upper[column][c];
        }
      }
    }
  }

  /**
   * Columns of one sequence are coded one after the other, and each end is chosen with a view to
   * the next: then {@code tr(E H E^T)} is what the code's error makes of all that is coded, weights
   * and feedback of the columns before, and short columns cost nothing. The order is that of the
   * sequences; in another one the feedback, which makes most errors smaller, would not be what it
   * was coded for.
   */
  @ParameterizedTest
  @CsvSource({"2, 8, 4", "2, 10, 4", "3, 8, 5", "4, 8, 6"})
  void errorWithFeedbackIsNearThatOfOneLongSequence(int bits, int window, int planes) {
    SeededRandom random = new SeededRandom(bits * 10 + window);
    int columns = 160;
    FloatMatrix weights = random.gaussianMatrix(128, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 400, columns), Compute.scalar());
    TrellisFit fit = fit(bits, window, planes, 1, 0);
    FloatMatrix coded = dense(fit.fit(weights, Optional.of(gram), "t", Compute.scalar()).matrix());
    int[] order = new int[columns];
    for (int i = 0; i < columns; i++) {
      order[i] = i % (columns / 16) * 16 + i / (columns / 16);
    }
    RealMatrix h = damped(gram).getSubMatrix(order, order);
    RealMatrix inverse = new LUDecomposition(h).getSolver().getInverse();
    double[][] upper = new CholeskyDecomposition(inverse, 1e-9, 0).getLT().getData();
    double error = 0;
    double expected = 0;
    for (int r = 0; r < weights.rows(); r++) {
      double[] updated = new double[columns];
      for (int c = 0; c < columns; c++) {
        updated[c] = weights.get(r, order[c]);
      }
      for (int c = 0; c < columns; c++) {
        double pivot = 1 / (upper[c][c] * upper[c][c]);
        double off = updated[c] - coded.get(r, order[c]);
        error += pivot * off * off;
        expected += pivot * updated[c] * updated[c] * fit.code().error();
        for (int k = c + 1; k < columns; k++) {
          updated[k] -= off / upper[c][c] * upper[c][k];
        }
      }
    }
    assertTrue(error < 1.025 * expected, random + ": " + error / expected);
  }

  private static double leastCost(TrellisCode code, double[] targets, double[] importance) {
    double[] costs = new double[code.states()];
    Arrays.fill(costs, Double.POSITIVE_INFINITY);
    costs[0] = 0;
    for (int t = 0; t < targets.length; t++) {
      double[] next = new double[costs.length];
      Arrays.fill(next, Double.POSITIVE_INFINITY);
      for (int state = 0; state < costs.length; state++) {
        for (int c = 0; c < 1 << code.bits(); c++) {
          int to = code.next(state, c);
          double off = targets[t] - code.value(to);
          next[to] = Math.min(next[to], costs[state] + importance[t] * off * off);
        }
      }
      costs = next;
    }
    return Arrays.stream(costs).min().orElseThrow();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void scalesAreTheBestForTheCodes(int sweeps) {
    SeededRandom random = new SeededRandom(77 + sweeps);
    int rows = 40;
    int columns = 100;
    FloatMatrix weights = random.gaussianMatrix(rows, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 300, columns), Compute.scalar());
    TrellisMatrix coded =
        fit(2, 8, 4, 2, sweeps)
            .fit(weights, Optional.of(gram), "trellis", Compute.scalar())
            .matrix();
    RealMatrix h = damped(gram);
    byte[] integers = new byte[columns];
    for (int r = 0; r < rows; r++) {
      coded.decodeIntegers(r, integers, 0);
      double[] q = new double[columns];
      double[] w = new double[columns];
      for (int c = 0; c < columns; c++) {
        q[c] = integers[c];
        w[c] = weights.get(r, c);
      }
      double[] hq = h.operate(q);
      double mixed = 0;
      double square = 0;
      for (int c = 0; c < columns; c++) {
        mixed += w[c] * hq[c];
        square += q[c] * hq[c];
      }
      double best = mixed / square;
      assertEquals(best, coded.scales()[r], 1e-3 * best, random + ", row " + r);
    }
  }

  @Test
  void feedbackPassesAndSweepsEachLowerTheError() {
    SeededRandom random = new SeededRandom(4);
    int columns = 192;
    FloatMatrix weights = random.gaussianMatrix(160, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 500, columns), Compute.scalar());
    RealMatrix h = damped(gram);
    Compute compute = Compute.scalar();
    Optional<Gram> known = Optional.of(gram);
    double plain =
        error(weights, fit(2, 8, 4, 2, 0).fit(weights, Optional.empty(), "t", compute).matrix(), h);
    double one = error(weights, fit(2, 8, 4, 1, 0).fit(weights, known, "t", compute).matrix(), h);
    double two = error(weights, fit(2, 8, 4, 2, 0).fit(weights, known, "t", compute).matrix(), h);
    double swept = error(weights, fit(2, 8, 4, 2, 2).fit(weights, known, "t", compute).matrix(), h);
    String what = random + ": " + plain + ", " + one + ", " + two + ", " + swept;
    assertTrue(one < 0.8 * plain, what);
    assertTrue(two <= one * (1 + 1e-5), what);
    assertTrue(swept <= two * (1 + 1e-5), what);
  }

  /**
   * A column's end is chosen with a view to the next, and costs little against one long sequence.
   */
  @ParameterizedTest
  @CsvSource({"2, 8, 4", "2, 10, 4", "3, 8, 5", "4, 8, 6"})
  void plainErrorIsNearThatOfOneLongSequence(int bits, int window, int planes) {
    SeededRandom random = new SeededRandom(bits);
    FloatMatrix weights = random.gaussianMatrix(128, 512);
    TrellisFit fit = fit(bits, window, planes, 2, 0);
    TrellisMatrix coded = fit.fit(weights, Optional.empty(), "t", Compute.scalar()).matrix();
    FloatMatrix dense = dense(coded);
    double error = 0;
    double power = 0;
    for (int i = 0; i < dense.data().length; i++) {
      error += Math.pow((double) dense.data()[i] - weights.data()[i], 2);
      power += Math.pow(weights.data()[i], 2);
    }
    assertTrue(
        error / power < 1.015 * fit.code().error(),
        random + ": " + error / power / fit.code().error());
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "31, 15", "33, 17", "129, 100", "200, 33", "128, 16"})
  void oddShapesAndThreads(int rows, int columns) {
    SeededRandom random = new SeededRandom(rows + columns);
    FloatMatrix weights = random.gaussianMatrix(rows, columns);
    Gram gram = Gram.of(RoundingProblem.inputs(random, 2 * columns, columns), Compute.scalar());
    for (Optional<Gram> known : List.of(Optional.of(gram), Optional.<Gram>empty())) {
      TrellisFit fit = fit(3, 8, 5, 2, 1);
      TrellisMatrix one = fit.fit(weights, known, "trellis", Compute.scalar()).matrix();
      TrellisMatrix two =
          fit.fit(weights, known, "trellis", Compute.scalar().withTeam(WorkerTeam.ofThreads(2)))
              .matrix();
      assertArrayEquals(bytes(one), bytes(two), random.toString());
      assertArrayEquals(one.scales(), two.scales(), random.toString());
      FloatMatrix dense = dense(one);
      double error = 0;
      double power = 0;
      for (int i = 0; i < dense.data().length; i++) {
        error += Math.pow((double) dense.data()[i] - weights.data()[i], 2);
        power += Math.pow(weights.data()[i], 2);
      }
      assertTrue(error < 0.35 * power, random + ": " + error / power);
    }
  }

  private static byte[] bytes(TrellisMatrix matrix) {
    return matrix.planes().toArray(ValueLayout.JAVA_BYTE);
  }

  @ParameterizedTest
  @ValueSource(floats = {0, Float.NaN, Float.POSITIVE_INFINITY})
  void momentOfNoUseIsLeftOut(float value) {
    SeededRandom random = new SeededRandom(3);
    int columns = 40;
    FloatMatrix weights = random.gaussianMatrix(50, columns);
    FloatMatrix moment = FloatMatrix.zeros(columns, columns);
    Arrays.fill(moment.data(), value);
    TrellisFit fit = fit(2, 8, 4, 2, 1);
    TrellisFit.Result broken =
        fit.fit(weights, Optional.of(Gram.wrap(moment, 1, 1)), "trellis2", Compute.scalar());
    TrellisFit.Result plain = fit.fit(weights, Optional.empty(), "trellis2", Compute.scalar());
    assertArrayEquals(bytes(plain.matrix()), bytes(broken.matrix()), random.toString());
    String report = broken.report().orElseThrow().describe();
    assertTrue(report.contains("no usable second moment"), report);
    assertTrue(plain.report().isEmpty());
  }

  @Test
  void rowsOfZerosAndOfExtremeWeightsDoNoHarm() {
    SeededRandom random = new SeededRandom(8);
    int columns = 48;
    FloatMatrix weights = random.gaussianMatrix(40, columns);
    for (int c = 0; c < columns; c++) {
      weights.put(3, c, 0);
      weights.put(5, c, 1e30f * weights.get(5, c));
      weights.put(6, c, c % 2 == 0 ? Float.MAX_VALUE : -Float.MAX_VALUE);
      weights.put(7, c, 1e-30f * weights.get(7, c));
    }
    Gram gram = Gram.of(RoundingProblem.inputs(random, 90, columns), Compute.scalar());
    FloatMatrix dense =
        dense(
            fit(2, 8, 4, 2, 1)
                .fit(weights, Optional.of(gram), "trellis", Compute.scalar())
                .matrix());
    assertTrue(dense.isFinite(), random.toString());
    for (int c = 0; c < columns; c++) {
      assertTrue(dense.get(3, c) == 0 && dense.get(7, c) == 0, random.toString());
    }
  }

  @Test
  void productsCountPlanesOfSigns() {
    SeededRandom random = new SeededRandom(2);
    TrellisMatrix matrix =
        fit(2, 8, 3, 1, 0)
            .fit(random.gaussianMatrix(40, 32), Optional.empty(), "t", Compute.scalar())
            .matrix();
    MatrixProduct product =
        LayerProducts.of(
                "layer", ProductRole.LAYER, QuantizedLinear.of(List.of(new TrellisTerm(matrix))), 5)
            .getFirst();
    assertEquals(5.0 * 40 * 32 * 3, product.multiplyAdds());
    assertEquals(1, product.stationary().bits());
    assertEquals((double) matrix.storageBits(), product.storedBits());
  }

  @ParameterizedTest
  @CsvSource({"-0.1, 1, 0, damp", "2, 1, 0, damp", "0, 0, 0, passes", "0, 1, 101, sweeps"})
  void optionsOutOfRangeAreRefused(double damping, int passes, int sweeps, String name) {
    TrellisCodes.Entry code = TrellisCodes.all().getFirst();
    IllegalArgumentException refusal =
        assertThrows(
            IllegalArgumentException.class, () -> new TrellisFit(code, damping, passes, sweeps));
    assertTrue(refusal.getMessage().startsWith(name), refusal.getMessage());
  }
}
