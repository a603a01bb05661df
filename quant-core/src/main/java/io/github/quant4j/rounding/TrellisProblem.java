// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.format.TrellisCodes;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What all panels of a matrix share while they are fitted; nothing of it is changed. */
final class TrellisProblem {
  final FloatMatrix weights;
  final TrellisCodes.Entry code;
  final Compute compute;

  /** The transposed factor of the reversed moment, see {@link FeedbackFactor}; null for none. */
  final float @Nullable [] factor;

  /** What a column's squared error with feedback counts, in reversed order. */
  final double[] pivots;

  final @Nullable Gram gram;

  /** What damping has added to the diagonal of the moment. */
  final double added;

  TrellisProblem(
      FloatMatrix weights,
      TrellisCodes.Entry code,
      @Nullable LdlFactorization factor,
      @Nullable Gram gram,
      double added,
      Compute compute) {
    this.weights = weights;
    this.code = code;
    this.gram = gram;
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
}
