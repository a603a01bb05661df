// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.statistic.Gram;
import java.util.Arrays;

/**
 * Some rows whose rounding is learned: the change of their weights, the gradient of the output
 * error, and the best codes so far.
 */
final class LearnedSlab {
  static final int ROWS = 1024;
  private static final int ROWS_IN_PART = 8;

  final RoundingTask task;
  final int first;
  final int rows;
  final int columns;

  /** Row-major, as are the weights. */
  final float[] change;

  /** {@code E H}, half the gradient of the error for the change. */
  final float[] gradient;

  private final Gram gram;
  private final byte[] bestCodes;
  private final double[] bestErrors;
  private final boolean[] improved;
  private double errorBefore;

  /** Takes rows of the codes to start from, which receive the best codes in the end. */
  LearnedSlab(RoundingTask task, Gram gram, int first, byte[] start) {
    this.task = task;
    this.gram = gram;
    this.first = first;
    this.rows = Math.min(ROWS, task.weights().rows() - first);
    this.columns = task.weights().columns();
    this.change = new float[Math.multiplyExact(rows, columns)];
    this.gradient = new float[change.length];
    this.bestCodes = start;
    this.bestErrors = new double[rows];
    this.improved = new boolean[rows];
    forRows(
        row -> {
          for (int column = 0; column < columns; column++) {
            int code = start[weightIndex(row, column)] & 0xff;
            change[index(row, column)] =
                task.grid().decode(first + row, column, code) - weight(row, column);
          }
        });
    updateGradient();
    for (int row = 0; row < rows; row++) {
      bestErrors[row] = error(row);
      errorBefore += bestErrors[row];
    }
  }

  int index(int row, int column) {
    return row * columns + column;
  }

  int weightIndex(int row, int column) {
    return (first + row) * columns + column;
  }

  float weight(int row, int column) {
    return task.weights().data()[weightIndex(row, column)];
  }

  /** One piece of work for a row of the slab. */
  interface RowWork {
    void run(int row);
  }

  void forRows(RowWork work) {
    task.compute()
        .team()
        .run(
            Math.ceilDiv(rows, ROWS_IN_PART),
            part -> {
              int end = Math.min(rows, (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                work.run(row);
              }
            });
  }

  void updateGradient() {
    Arrays.fill(gradient, 0);
    task.compute()
        .multiplyAdd(
            1,
            MatrixView.dense(change, rows, columns),
            MatrixView.dense(gram.values(), columns, columns),
            MatrixView.dense(gradient, rows, columns));
  }

  /** {@code e H e^T} of a row, once the gradient is up to date. */
  double error(int row) {
    double sum = 0;
    for (int i = row * columns; i < (row + 1) * columns; i++) {
      sum += (double) change[i] * gradient[i];
    }
    return sum;
  }

  /**
   * Keeps the grid values nearest to the changed weights of a row if its error is the least yet.
   */
  void offer(int row) {
    if (isBest(row)) {
      for (int column = 0; column < columns; column++) {
        float value = weight(row, column) + change[index(row, column)];
        keep(row, column, task.grid().encode(first + row, column, value));
      }
    }
  }

  /** Whether the error of a row is the least yet; then it is the one to beat from now on. */
  boolean isBest(int row) {
    double error = error(row);
    if (!(error < bestErrors[row])) {
      return false;
    }
    bestErrors[row] = error;
    improved[row] = true;
    return true;
  }

  /** Keeps the code of an element of a row whose error is the least yet. */
  void keep(int row, int column, int code) {
    bestCodes[weightIndex(row, column)] = (byte) code;
  }

  double errorBefore() {
    return errorBefore;
  }

  double errorAfter() {
    return Arrays.stream(bestErrors).sum();
  }

  int improvedRows() {
    int count = 0;
    for (boolean row : improved) {
      count += row ? 1 : 0;
    }
    return count;
  }
}
