// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.lane.Lanes;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.matrix.TrellisMatrix;
import java.util.Arrays;

/**
 * Fits the codes and scales of one panel of rows.
 *
 * <p>Everything is stored by columns, then by lanes, and columns are counted from the last that is
 * coded to the first, as {@link FeedbackFactor} counts them. With the errors {@code e = s q - w}
 * and the unit upper triangular {@code U} of the moment, a row's error is {@code sum_j d_j ((e
 * U)_j)^2}, and an element of {@code e U} is the error of a column plus the feedback of those
 * before it. So the error of given codes is known for every scale once {@code w U} and {@code q U}
 * are.
 */
final class TrellisPanel {
  private static final int BLOCK = 128;

  /** A little more than the spread of the weights: feedback adds to it. */
  private static final double FIRST_SCALE = 1.05;

  private static final float LARGEST_SCALE = 65504;

  private final TrellisProblem problem;
  private final int first;
  private final int rows;
  private final int lanes;
  private final int columns;
  private final TrellisColumn coder;
  private final float[] weights;

  /** {@code w U}. */
  private final float[] decorrelated;

  private final float[] feedback;

  /** {@code e U} or {@code q U}. */
  private final float[] product;

  private byte[] codes;
  private byte[] values;
  private float[] scales;
  private byte[] bestCodes;
  private byte[] bestValues;
  private float[] bestScales;
  private double leastError = Double.POSITIVE_INFINITY;

  TrellisPanel(TrellisProblem problem, int panel) {
    this.problem = problem;
    this.first = panel * TrellisMatrix.PANEL_ROWS;
    this.rows = Math.min(TrellisMatrix.PANEL_ROWS, problem.weights.rows() - first);
    this.lanes = TrellisMatrix.paddedRows(rows);
    this.columns = problem.weights.columns();
    this.coder = new TrellisColumn(problem.code.code(), lanes);
    this.weights = new float[Math.multiplyExact(columns, lanes)];
    this.feedback = new float[weights.length];
    this.product = new float[weights.length];
    this.decorrelated = new float[weights.length];
    this.codes = new byte[weights.length];
    this.values = new byte[weights.length];
    this.scales = new float[lanes];
    this.bestCodes = new byte[weights.length];
    this.bestValues = new byte[weights.length];
    this.bestScales = new float[lanes];
    for (int r = 0; r < rows; r++) {
      int from = (first + r) * columns;
      for (int column = 0; column < columns; column++) {
        weights[(columns - 1 - column) * lanes + r] =
            problem.weights.data()[from + problem.order[column]];
      }
    }
    multiply(
        (column, _, errors) -> System.arraycopy(weights, column * lanes, errors, 0, lanes),
        decorrelated);
  }

  private final ColumnStep coding =
      new ColumnStep() {
        @Override
        public void run(int column, float[] above, float[] errors) {
          code(column, above, errors);
        }

        @Override
        public int ahead(int column) {
          return problem.isLast(columns - 1 - column) ? 0 : coder.ahead();
        }
      };

  /** What becomes of a column once the feedback of those before it is known. */
  private interface ColumnStep {
    /**
     * Sets what a column adds to the feedback.
     *
     * @param column counted from the last one
     * @param feedback of the columns before it, for each lane
     * @param errors receives the column's own errors
     */
    void run(int column, float[] feedback, float[] errors);

    /** Lanes of the next column whose feedback so far is wanted, too. */
    default int ahead(int column) {
      return 0;
    }
  }

  /** Goes over the columns in the order of coding; the result is that of all errors times U. */
  private void multiply(ColumnStep step, float[] result) {
    float[] upper = problem.factor;
    Arrays.fill(feedback, 0);
    float[] blockErrors = new float[Math.min(BLOCK, columns) * lanes];
    float[][] errors = new float[Lanes.padded(Math.min(BLOCK, columns))][lanes];
    float[] above = new float[2 * lanes];
    float[] factors = new float[errors.length];
    for (int high = columns; high > 0; high -= BLOCK) {
      int low = Math.max(0, high - BLOCK);
      int width = high - low;
      for (int a = width - 1; a >= 0; a--) {
        int at = (low + a) * lanes;
        System.arraycopy(feedback, at, above, 0, lanes);
        if (upper != null) {
          Arrays.fill(factors, 0);
          System.arraycopy(upper, (low + a) * columns + low + a + 1, factors, a + 1, width - a - 1);
          for (int g = a / Lanes.GROUP * Lanes.GROUP; g < width; g += Lanes.GROUP) {
            Lanes.add4(lanes, factors, g, errors, g, above);
          }
        }
        ahead(step.ahead(low + a), low, a, width, errors, above);
        step.run(low + a, above, errors[a]);
        for (int r = 0; r < lanes; r++) {
          result[at + r] = errors[a][r] + above[r];
        }
        System.arraycopy(errors[a], 0, blockErrors, a * lanes, lanes);
      }
      if (upper != null && low > 0) {
        problem.compute.multiplyAdd(
            1,
            new MatrixView(upper, low, low, width, columns),
            MatrixView.dense(blockErrors, width, lanes),
            MatrixView.dense(feedback, low, lanes));
      }
    }
  }

  /** The feedback of all columns before one on the first lanes of the one after it. */
  private void ahead(int count, int low, int a, int width, float[][] errors, float[] above) {
    if (count == 0) {
      return;
    }
    int next = low + a - 1;
    System.arraycopy(feedback, next * lanes, above, lanes, count);
    float[] upper = problem.factor;
    if (upper == null) {
      return;
    }
    for (int b = a + 1; b < width; b++) {
      float factor = upper[next * columns + low + b];
      for (int r = 0; r < count; r++) {
        above[lanes + r] += factor * errors[b][r];
      }
    }
  }

  /** Codes all columns with the scales at hand, refits these, and so on; the best pass counts. */
  void fit(int passes) {
    for (int r = 0; r < rows; r++) {
      double power = 0;
      for (int column = 0; column < columns; column++) {
        double weight = weights[column * lanes + r];
        power += weight * weight;
      }
      scales[r] = stored(FIRST_SCALE * Math.sqrt(power / columns) / problem.code.deviation());
    }
    for (int pass = 0; pass < passes; pass++) {
      coder.start(scales);
      multiply(coding, product);
      refit();
    }
  }

  private void code(int column, float[] above, float[] errors) {
    int at = column * lanes;
    float[] targets = coder.targets();
    for (int r = 0; r < lanes; r++) {
      targets[r] = weights[at + r] - above[r];
    }
    int position = columns - 1 - column;
    boolean isLast = problem.isLast(position);
    double ratio = isLast ? 0 : problem.pivots[column - 1] / problem.pivots[column];
    coder.encode(
        problem.isFirst(position),
        isLast,
        ratio,
        (found, count, all) -> lookAhead(column, above, found, count, all));
    System.arraycopy(coder.codes(), 0, codes, at, lanes);
    System.arraycopy(coder.values(), 0, values, at, lanes);
    for (int r = 0; r < lanes; r++) {
      errors[r] = scales[r] * coder.values()[r] - weights[at + r];
    }
  }

  private void lookAhead(int column, float[] above, byte[] found, int count, float[] targets) {
    int at = column * lanes;
    int next = at - lanes;
    float[] upper = problem.factor;
    float factor = upper == null ? 0 : upper[(column - 1) * columns + column];
    for (int r = 0; r < count; r++) {
      float error = scales[r] * found[r] - weights[at + r];
      targets[lanes + r] = weights[next + r] - above[lanes + r] - factor * error;
    }
  }

  /** The best scales for the codes, by {@code e U}; keeps both if they are the best so far. */
  private void refit() {
    double[] inverse = new double[lanes];
    for (int r = 0; r < lanes; r++) {
      inverse[r] = scales[r] == 0 ? 0 : 1.0 / scales[r];
    }
    double[] power = new double[lanes];
    double[] mixed = new double[lanes];
    double[] square = new double[lanes];
    for (int column = 0; column < columns; column++) {
      double pivot = problem.pivots[column];
      int at = column * lanes;
      for (int r = 0; r < lanes; r++) {
        double w = decorrelated[at + r];
        double q = (product[at + r] + w) * inverse[r];
        power[r] += pivot * w * w;
        mixed[r] += pivot * w * q;
        square[r] += pivot * q * q;
      }
    }
    double error = 0;
    float[] next = new float[lanes];
    for (int r = 0; r < rows; r++) {
      next[r] = mixed[r] > 0 && square[r] > 0 ? stored(mixed[r] / square[r]) : scales[r];
      error += power[r] - 2 * next[r] * mixed[r] + (double) next[r] * next[r] * square[r];
    }
    if (error < leastError || leastError == Double.POSITIVE_INFINITY) {
      leastError = error;
      byte[] spareCodes = bestCodes;
      byte[] spareValues = bestValues;
      bestCodes = codes;
      bestValues = values;
      bestScales = next.clone();
      codes = spareCodes;
      values = spareValues;
    }
    scales = next;
  }

  private static float stored(double scale) {
    float limited = (float) Math.min(scale, LARGEST_SCALE);
    return HalfPrecision.fromFloat16(HalfPrecision.toFloat16(limited));
  }

  /** Improves the best codes in turn with their scales; ends when that has no effect. */
  void descend(int sweeps) {
    for (int sweep = 0; sweep < sweeps; sweep++) {
      double before = leastError;
      scales = bestScales.clone();
      System.arraycopy(bestCodes, 0, codes, 0, codes.length);
      System.arraycopy(bestValues, 0, values, 0, values.length);
      new TrellisDescent(problem, coder, lanes).sweep(weights, scales, codes, values);
      byte[] swept = values;
      multiply(
          (column, _, errors) -> {
            int at = column * lanes;
            for (int r = 0; r < lanes; r++) {
              errors[r] = scales[r] * swept[at + r] - weights[at + r];
            }
          },
          product);
      refit();
      if (!(leastError < before)) {
        return;
      }
    }
  }

  /** Writes the best codes, row-major with the lanes that only fill the panel, and scales. */
  void store(byte[] allCodes, float[] allScales) {
    for (int r = 0; r < lanes; r++) {
      int from = (first + r) * columns;
      for (int column = 0; column < columns; column++) {
        allCodes[from + problem.order[column]] = bestCodes[(columns - 1 - column) * lanes + r];
      }
    }
    System.arraycopy(bestScales, 0, allScales, first, rows);
  }
}
