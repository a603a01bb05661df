// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.TruncatedSvd;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A low-rank matrix whose factors are signs, {@code sum_k c_k a_k b_k^T} with a and b of -1 and 1:
 * factors of one bit (Jie et al., arXiv 2307.16867).
 *
 * <p>One after the other the signs of the leading singular vectors are taken, with the coefficient
 * of the least error, and the next pair is fitted to what is left: so each lowers the error, while
 * signs of later singular vectors of one decomposition need not.
 */
final class SignFactors {
  private static final String LEFT = "binary:tensor:sym rtn";
  private static final String RIGHT = "binary:channel:sym rtn";
  private static final int ITERATIONS = 6;

  private SignFactors() {}

  /**
   * Fits the factors, fewer than wanted where nothing is left.
   *
   * @param residual what is to be represented; not changed
   * @param weights of the squared error of each column
   */
  static Optional<WeightTerm> fit(
      FloatMatrix residual, int rank, double[] weights, Compute compute) {
    int rows = residual.rows();
    int columns = residual.columns();
    FloatMatrix left = FloatMatrix.zeros(rows, rank);
    FloatMatrix right = FloatMatrix.zeros(rank, columns);
    FloatMatrix rest = residual.copy();
    double total = Arrays.stream(weights).sum();
    int used = 0;
    for (int k = 0; k < rank; k++) {
      FloatMatrix weighed = rest.copy();
      for (int i = 0; i < weighed.data().length; i++) {
        weighed.data()[i] *= (float) Math.sqrt(weights[i % columns]);
      }
      TruncatedSvd svd = TruncatedSvd.of(weighed, 1, ITERATIONS, compute);
      float[] a = signs(svd.left().data());
      float[] b = signs(svd.right().data());
      double sum = 0;
      for (int i = 0; i < rest.data().length; i++) {
        sum += weights[i % columns] * a[i / columns] * b[i % columns] * rest.data()[i];
      }
      float factor = (float) (sum / (rows * total));
      if (!(Math.abs(factor) >= Float.MIN_NORMAL)) {
        // Signs have no zero, so that a pair with a smaller scale than there is would add noise.
        break;
      }
      used = k + 1;
      for (int i = 0; i < rest.data().length; i++) {
        rest.data()[i] -= factor * a[i / columns] * b[i % columns];
      }
      for (int row = 0; row < rows; row++) {
        left.put(row, k, a[row]);
      }
      for (int j = 0; j < columns; j++) {
        right.put(k, j, factor * b[j]);
      }
    }
    if (used == 0) {
      return Optional.empty();
    }
    FloatMatrix first = Matrices.columns(left, IntStream.range(0, used).toArray());
    FloatMatrix second =
        FloatMatrix.wrap(used, columns, Arrays.copyOf(right.data(), used * columns));
    return Optional.of(
        new LowRankTerm(
            new QuantizedTerm(Quantizer.of(LEFT).quantize(first, compute)),
            new QuantizedTerm(Quantizer.of(RIGHT).quantize(second, compute))));
  }

  private static float[] signs(float[] values) {
    float[] signs = new float[values.length];
    for (int i = 0; i < signs.length; i++) {
      signs[i] = values[i] < 0 ? -1 : 1;
    }
    return signs;
  }

  /** Rows of whole bytes, a scale for the left factor and one for each row of the right one. */
  static long storageBits(int rows, int columns, long rank) {
    long codes =
        rows * PackedCodes.rowBytes((int) rank, 1, 1) + rank * PackedCodes.rowBytes(columns, 1, 1);
    return Byte.SIZE * codes + Short.SIZE * (rank + 1);
  }
}
