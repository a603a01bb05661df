// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * The weighted moment of an error with a layer's input, {@code D = sum_t r_t d_t x_t^T}: with
 * {@link Gram} it says which part of the error a linear map of the input can make up for, {@code D
 * H^-1}.
 *
 * <p>D is kept as a sum in single precision, like the moment that it goes with. The result does not
 * depend on the number of threads. Not thread-safe while it is added to.
 */
public final class CrossMoment {
  /** Tokens that are transposed at a time. */
  private static final int CHUNK = 512;

  private final FloatMatrix sum;
  private long tokens;

  private CrossMoment(FloatMatrix sum) {
    this.sum = sum;
  }

  /**
   * A moment of no tokens.
   *
   * @param rows width of the error, at least 1
   * @param columns width of the input, at least 1
   * @return zeros
   * @throws IllegalArgumentException if a width is less than 1
   */
  public static CrossMoment empty(int rows, int columns) {
    if (rows < 1 || columns < 1) {
      throw new IllegalArgumentException(
          "rows: " + rows + ", columns: " + columns + ", expected at least 1 for both");
    }
    return new CrossMoment(FloatMatrix.zeros(rows, columns));
  }

  /**
   * Adds tokens. Those of weight 0 are not counted; nor are those with an error or an input that is
   * not a number or beyond {@link InputStatistics#LARGEST}. What {@link InputStatistics} leaves out
   * is left out here as well; a token whose error alone is broken counts there and not here.
   *
   * <p>Cost: {@code tokens rows columns} multiply-adds, and scratch memory for 512 tokens.
   *
   * @param errors {@code [tokens, rows]}
   * @param inputs {@code [tokens, columns]}
   * @param tokenWeights the weight of each token, finite and not negative
   * @param compute the linear algebra and the threads
   * @throws IllegalArgumentException if a width is another, the numbers of tokens differ, or a
   *     weight is negative or not finite
   */
  public void add(FloatMatrix errors, FloatMatrix inputs, float[] tokenWeights, Compute compute) {
    if (errors.columns() != sum.rows() || inputs.columns() != sum.columns()) {
      throw new IllegalArgumentException(
          "errors: " + errors + ", inputs: " + inputs + ", expected the widths of " + this);
    }
    if (errors.rows() != inputs.rows()) {
      throw new IllegalArgumentException(
          "errors: " + errors + ", expected as many rows as " + inputs);
    }
    Gram.requireWeights(inputs, tokenWeights);
    int chunk = Math.min(CHUNK, Math.max(1, inputs.rows()));
    float[] scaled = new float[sum.rows() * chunk];
    float[] kept = new float[chunk * sum.columns()];
    int filled = 0;
    for (int t = 0; t < inputs.rows(); t++) {
      if (tokenWeights[t] == 0 || !isUsable(errors, t) || !isUsable(inputs, t)) {
        continue;
      }
      for (int i = 0; i < sum.rows(); i++) {
        scaled[i * chunk + filled] = tokenWeights[t] * errors.get(t, i);
      }
      System.arraycopy(
          inputs.data(), t * sum.columns(), kept, filled * sum.columns(), sum.columns());
      filled++;
      tokens++;
      if (filled == chunk) {
        flush(scaled, kept, filled, chunk, compute);
        filled = 0;
      }
    }
    flush(scaled, kept, filled, chunk, compute);
  }

  private void flush(float[] scaled, float[] kept, int filled, int chunk, Compute compute) {
    if (filled > 0) {
      compute.multiplyAdd(
          1,
          new MatrixView(scaled, 0, sum.rows(), filled, chunk),
          MatrixView.dense(kept, filled, sum.columns()),
          MatrixView.of(sum));
    }
  }

  private static boolean isUsable(FloatMatrix rows, int row) {
    float largest = 0;
    int from = row * rows.columns();
    for (int i = from; i < from + rows.columns(); i++) {
      largest = Math.max(largest, Math.abs(rows.data()[i]));
    }
    // A NaN survives the maximum and fails the comparison.
    return largest <= InputStatistics.LARGEST;
  }

  /**
   * The sum.
   *
   * @return the live matrix {@code [rows, columns]}; it must not be changed
   */
  public FloatMatrix sum() {
    return sum;
  }

  /**
   * The number of tokens.
   *
   * @return 0 if nothing was added
   */
  public long tokens() {
    return tokens;
  }

  /** Shape and tokens. */
  @Override
  public String toString() {
    return "CrossMoment[" + sum.rows() + ", " + sum.columns() + "] of " + tokens + " tokens";
  }
}
