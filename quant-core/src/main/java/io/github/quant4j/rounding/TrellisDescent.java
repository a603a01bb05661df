// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.lane.Lanes;
import io.github.quant4j.linalg.MatrixView;
import java.util.Arrays;
import java.util.Objects;

/**
 * A sweep of coordinate descent over the columns of a panel: each is coded again to what would be
 * best given all others, {@code w + e - g / h} with the errors {@code e}, their gradient {@code g =
 * e H} and {@code h} on the diagonal of the damped moment {@code H}. The gradient is brought up to
 * date as in {@link DescentSweep}, block by block.
 */
final class TrellisDescent {
  private static final int BLOCK = 128;

  private final TrellisProblem problem;
  private final TrellisColumn coder;
  private final int lanes;
  private final int columns;
  private final float[] moment;

  TrellisDescent(TrellisProblem problem, TrellisColumn coder, int lanes) {
    this.problem = problem;
    this.coder = coder;
    this.lanes = lanes;
    this.columns = problem.weights.columns();
    this.moment = Objects.requireNonNull(problem.moment);
  }

  /** Changes codes and values, which are stored from the last column to the first. */
  void sweep(float[] weights, float[] scales, byte[] codes, byte[] values) {
    float[] errors = new float[weights.length];
    for (int column = 0; column < columns; column++) {
      int reversed = (columns - 1 - column) * lanes;
      for (int r = 0; r < lanes; r++) {
        errors[column * lanes + r] = scales[r] * values[reversed + r] - weights[reversed + r];
      }
    }
    float[] gradient = new float[weights.length];
    problem.compute.multiplyAdd(
        1,
        MatrixView.dense(moment, columns, columns),
        MatrixView.dense(errors, columns, lanes),
        MatrixView.dense(gradient, columns, lanes));
    coder.start(scales);
    int most = Math.min(BLOCK, columns);
    float[][] steps = new float[Lanes.padded(most)][lanes];
    float[] blockSteps = new float[most * lanes];
    float[] factors = new float[steps.length];
    float[] slope = new float[2 * lanes];
    for (int from = 0; from < columns; from += BLOCK) {
      int width = Math.min(BLOCK, columns - from);
      for (int c = 0; c < width; c++) {
        int column = from + c;
        int at = column * lanes;
        System.arraycopy(gradient, at, slope, 0, lanes);
        Arrays.fill(factors, 0);
        System.arraycopy(moment, column * columns + from, factors, 0, c);
        for (int g = 0; g < c; g += Lanes.GROUP) {
          Lanes.add4(lanes, factors, g, steps, g, slope);
        }
        ahead(column, from, gradient, steps, slope);
        step(column, slope, errors, weights, scales, codes, values, steps[c]);
        System.arraycopy(steps[c], 0, blockSteps, c * lanes, lanes);
      }
      problem.compute.multiplyAdd(
          1,
          new MatrixView(moment, from, columns, width, columns),
          MatrixView.dense(blockSteps, width, lanes),
          MatrixView.dense(gradient, columns, lanes));
    }
  }

  /** The slope of the first lanes of the next column, before this one takes its step. */
  private void ahead(int column, int from, float[] gradient, float[][] steps, float[] slope) {
    if (problem.isLast(column)) {
      return;
    }
    int count = coder.ahead();
    int next = column + 1;
    System.arraycopy(gradient, next * lanes, slope, lanes, count);
    for (int b = from; b < column; b++) {
      float factor = moment[next * columns + b];
      for (int r = 0; r < count; r++) {
        slope[lanes + r] += factor * steps[b - from][r];
      }
    }
  }

  private void step(
      int column,
      float[] slope,
      float[] errors,
      float[] weights,
      float[] scales,
      byte[] codes,
      byte[] values,
      float[] steps) {
    int at = column * lanes;
    int reversed = (columns - 1 - column) * lanes;
    float added = (float) problem.added;
    float inverse = inverse(column);
    float[] targets = coder.targets();
    for (int r = 0; r < lanes; r++) {
      float error = errors[at + r];
      targets[r] = weights[reversed + r] + error - (slope[r] + added * error) * inverse;
    }
    boolean isLast = problem.isLast(column);
    double ratio = isLast ? 0 : diagonal(column + 1) * (double) inverse;
    coder.encode(
        problem.isFirst(column),
        isLast,
        ratio,
        (found, count, all) -> {
          float factor = moment[(column + 1) * columns + column];
          float nextInverse = inverse(column + 1);
          for (int r = 0; r < count; r++) {
            float step = scales[r] * found[r] - weights[reversed + r] - errors[at + r];
            float error = errors[at + lanes + r];
            float nextSlope = slope[lanes + r] + factor * step + added * error;
            all[lanes + r] = weights[reversed - lanes + r] + error - nextSlope * nextInverse;
          }
        });
    System.arraycopy(coder.codes(), 0, codes, reversed, lanes);
    System.arraycopy(coder.values(), 0, values, reversed, lanes);
    for (int r = 0; r < lanes; r++) {
      float error = scales[r] * coder.values()[r] - weights[reversed + r];
      steps[r] = error - errors[at + r];
      errors[at + r] = error;
    }
  }

  private float diagonal(int column) {
    return moment[column * columns + column] + (float) problem.added;
  }

  private float inverse(int column) {
    float diagonal = diagonal(column);
    return diagonal > 0 ? 1 / diagonal : 0;
  }
}
