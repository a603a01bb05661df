// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.linalg.PowerOfTwoUnit;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;

/**
 * The squared error of a layer's output over the calibration tokens, {@code tr(E H E^T)} with the
 * weight change {@code E} and the second moment {@code H} of the input: the objective of every
 * calibrated rounding.
 */
public final class OutputError {
  private static final int ROWS_AT_A_TIME = 512;

  private OutputError() {}

  /**
   * The error of each output.
   *
   * <p>Cost: {@code out in^2} multiply-adds, and scratch memory for 512 rows.
   *
   * @param change the change of the weights, {@code [out, in]}
   * @param gram the moment of the inputs, {@code [in, in]}
   * @param compute the linear algebra and the threads
   * @return {@code e H e^T} for each row {@code e}; tiny values may come out negative by rounding
   * @throws IllegalArgumentException if the moment has another size
   */
  public static double[] perRow(FloatMatrix change, Gram gram, Compute compute) {
    int columns = change.columns();
    if (gram.size() != columns) {
      throw new IllegalArgumentException(
          "gram: " + gram + ", expected [" + columns + ", " + columns + "] for " + change);
    }
    float unit = PowerOfTwoUnit.of(change);
    FloatMatrix scaled = PowerOfTwoUnit.in(unit, change);
    double square = (double) unit * unit;
    double[] errors = new double[change.rows()];
    float[] product = new float[Math.min(ROWS_AT_A_TIME, change.rows()) * columns];
    for (int first = 0; first < change.rows(); first += ROWS_AT_A_TIME) {
      int from = first;
      int count = Math.min(ROWS_AT_A_TIME, change.rows() - from);
      Arrays.fill(product, 0);
      compute.multiplyAdd(
          1,
          MatrixView.dense(scaled.data(), from * columns, count, columns),
          MatrixView.dense(gram.values(), columns, columns),
          MatrixView.dense(product, count, columns));
      compute
          .team()
          .run(
              count,
              row ->
                  errors[from + row] =
                      square
                          * dot(
                              scaled.data(),
                              (from + row) * columns,
                              product,
                              row * columns,
                              columns));
    }
    return errors;
  }

  /**
   * The error of all outputs together.
   *
   * @param change the change of the weights, {@code [out, in]}
   * @param gram the moment of the inputs, {@code [in, in]}
   * @param compute the linear algebra and the threads
   * @return {@code tr(E H E^T)}
   * @throws IllegalArgumentException if the moment has another size
   */
  public static double total(FloatMatrix change, Gram gram, Compute compute) {
    double total = 0;
    for (double error : perRow(change, gram, compute)) {
      total += error;
    }
    return total;
  }

  private static double dot(float[] a, int aOffset, float[] b, int bOffset, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (double) a[aOffset + i] * b[bOffset + i];
    }
    return sum;
  }
}
