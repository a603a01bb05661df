// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.matrix.TrellisMatrix;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What all panels of a matrix share while they are fitted; nothing of it is changed.
 *
 * <p>Columns are coded sequence by sequence, see {@link TrellisMatrix}, so that the column that
 * starts where one ends is coded next.
 */
final class TrellisProblem {
  final FloatMatrix weights;
  final TrellisCodes.Entry code;
  final Compute compute;

  /** The transposed factor of the reversed moment, see {@link FeedbackFactor}; null for none. */
  final float @Nullable [] factor;

  /** What a column's squared error with feedback counts, in reversed order. */
  final double[] pivots;

  /** The columns in the order in which they are coded. */
  final int[] order;

  /** The moment in that order; null if there is none. */
  final float @Nullable [] moment;

  /** What damping has added to the diagonal of the moment. */
  final double added;

  TrellisProblem(
      FloatMatrix weights,
      TrellisCodes.Entry code,
      @Nullable LdlFactorization factor,
      int[] order,
      float @Nullable [] moment,
      double added,
      Compute compute) {
    this.weights = weights;
    this.code = code;
    this.order = order;
    this.moment = moment;
    this.added = added;
    this.compute = compute;
    if (factor == null) {
      this.factor = null;
      this.pivots = new double[weights.columns()];
      Arrays.fill(pivots, 1);
    } else {
      this.factor = factor.transposedFactor();
      this.pivots = factor.diagonal();
    }
  }

  /** The columns of a matrix in the order in which they are coded. */
  static int[] order(int columns) {
    int[] order = new int[columns];
    int position = 0;
    for (int sequence = 0; sequence < TrellisMatrix.WORD_COLUMNS; sequence++) {
      for (int column = sequence; column < columns; column += TrellisMatrix.WORD_COLUMNS) {
        order[position++] = column;
      }
    }
    return order;
  }

  /** Whether a sequence begins at a position. */
  boolean isFirst(int position) {
    return order[position] < TrellisMatrix.WORD_COLUMNS;
  }

  /** Whether a sequence ends at a position. */
  boolean isLast(int position) {
    return order[position] + TrellisMatrix.WORD_COLUMNS >= order.length;
  }
}
