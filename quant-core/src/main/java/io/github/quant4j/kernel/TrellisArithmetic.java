// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.matrix.TrellisMatrix;
import java.util.Optional;

/**
 * What kernels of trellis-coded weights and integer activations compute. All of them agree to the
 * last bit, as those of {@link IntegerArithmetic} do.
 *
 * <p>Weights are {@code s v} with the row's scale {@code s} and integers {@code v} of at most 8
 * bits, and activations {@code t (a - b)} with one {@code t} and {@code b} for the whole token. The
 * sum
 *
 * <pre>I = sum v (a - b)</pre>
 *
 * is exact, and fits 32 bits. The output is {@code float(I) (s t)}, in which the product of the
 * scales and then the product with it are rounded to float.
 *
 * @param activationCodes the integers that activation codes stand for, before zero points
 */
public record TrellisArithmetic(AffineCodes activationCodes) {

  /**
   * Finds out whether a pair is multiplied in integers.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @return the arithmetic; empty if the pair is multiplied in float, because a token has several
   *     scales, its values are not integers, or sums might not fit 32 bits
   * @throws IllegalArgumentException if the activation groups do not divide the input
   */
  public static Optional<TrellisArithmetic> of(
      TrellisMatrix weights, ActivationQuantizer activations) {
    boolean one = activations.runLength(weights.columns()) == weights.columns();
    return AffineCodes.of(activations.scheme().format())
        .filter(codes -> one && fits(weights, codes))
        .map(TrellisArithmetic::new);
  }

  /** A zero point is one of the values, so that it can double an activation. */
  private static boolean fits(TrellisMatrix weights, AffineCodes codes) {
    long largest = 2L * codes.largestMagnitude() * weights.code().largestMagnitude();
    return largest * weights.columns() <= Integer.MAX_VALUE;
  }
}
