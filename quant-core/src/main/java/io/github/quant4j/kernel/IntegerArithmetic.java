// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.RowMultipleScaleCodec;
import io.github.quant4j.scheme.ScaleLayout;
import java.util.Optional;

/**
 * What integer kernels compute, for one pair of weights and activations. All of them agree to the
 * last bit, because this fixes which sums are exact and the order of the few float operations.
 *
 * <p>Weights are {@code s (w - z)} and activations {@code t (a - b)} with integers {@code w},
 * {@code z}, {@code a} and {@code b}. A <em>segment</em> is a run of inputs within which {@code s},
 * {@code z}, {@code t} and {@code b} are constant for a row and a token. Its integer sum
 *
 * <pre>I = sum (w - z) (a - b)</pre>
 *
 * is exact. The output starts at 0 and becomes {@code fma(float(I), s t, y)} for each segment from
 * the first to the last, the product of the scales being rounded to float.
 *
 * <p>If the scales are multiples of a row scale ({@link RowMultipleScaleCodec}, {@code s = m r}
 * with an integer {@code m}), the multiples belong to the exact part: with {@code J} the sum of
 * {@code m I} over the segments of one activation scale {@code t}, the output becomes {@code
 * fma(float(J), r t, y)} for each activation scale from the first to the last.
 */
public final class IntegerArithmetic {
  private final AffineCodes weightCodes;
  private final AffineCodes activationCodes;
  private final int runLength;
  private final int segmentLength;
  private final boolean rowMultiples;

  private IntegerArithmetic(
      AffineCodes weightCodes,
      AffineCodes activationCodes,
      int runLength,
      int segmentLength,
      boolean rowMultiples) {
    this.weightCodes = weightCodes;
    this.activationCodes = activationCodes;
    this.runLength = runLength;
    this.segmentLength = segmentLength;
    this.rowMultiples = rowMultiples;
  }

  /**
   * Finds out whether a pair is multiplied in integers: both sides have integer values, the matrix
   * has one format, zero points are integers, and at least two inputs share their scales.
   *
   * @param weights the weights, {@code [out, in]}
   * @param activations how the input is quantized
   * @return the arithmetic, or empty if the pair is multiplied in float
   * @throws IllegalArgumentException if the activation groups do not divide the input
   */
  public static Optional<IntegerArithmetic> of(
      QuantizedMatrix weights, ActivationQuantizer activations) {
    Grid grid = weights.grid();
    Optional<IntegerArithmetic> arithmetic =
        of(weights.scheme(), grid.layout(), activations).filter(_ -> grid.palette().isUniform());
    if (arithmetic.isPresent()) {
      for (int tile = 0; tile < grid.layout().count(); tile++) {
        float zero = grid.zeroPoint(tile);
        if (zero != Math.rint(zero)) {
          return Optional.empty();
        }
      }
    }
    return arithmetic;
  }

  /**
   * The arithmetic of a matrix that has one format and integer zero points.
   *
   * @param scheme how the weights are quantized
   * @param layout which of them share a scale
   * @param activations how the input is quantized
   * @return the arithmetic, or empty if the pair is multiplied in float
   * @throws IllegalArgumentException if the activation groups do not divide the input
   */
  public static Optional<IntegerArithmetic> of(
      QuantScheme scheme, ScaleLayout layout, ActivationQuantizer activations) {
    int run = activations.runLength(layout.columns());
    int width = Math.min(layout.columns(), layout.blockColumns());
    int segment = greatestCommonDivisor(run, width);
    Optional<AffineCodes> weightCodes = AffineCodes.of(scheme.format());
    Optional<AffineCodes> activationCodes = AffineCodes.of(activations.scheme().format());
    if (weightCodes.isEmpty() || activationCodes.isEmpty() || segment < 2) {
      return Optional.empty();
    }
    return Optional.of(
        new IntegerArithmetic(
            weightCodes.get(),
            activationCodes.get(),
            run,
            segment,
            scheme.scaleCodec() instanceof RowMultipleScaleCodec));
  }

  private static int greatestCommonDivisor(int a, int b) {
    return b == 0 ? a : greatestCommonDivisor(b, a % b);
  }

  /**
   * The integers that weight codes stand for, before zero points.
   *
   * @return the form of the weight format
   */
  public AffineCodes weightCodes() {
    return weightCodes;
  }

  /**
   * The integers that activation codes stand for, before zero points.
   *
   * @return the form of the activation format
   */
  public AffineCodes activationCodes() {
    return activationCodes;
  }

  /**
   * The inputs that share an activation scale.
   *
   * @return a multiple of {@link #segmentLength()}, and a divisor of the input width
   */
  public int runLength() {
    return runLength;
  }

  /**
   * The inputs of a segment.
   *
   * @return at least 2, a divisor of the input width
   */
  public int segmentLength() {
    return segmentLength;
  }

  /**
   * Whether weight scales are integer multiples of a row scale.
   *
   * @return true if the multiples belong to the exact sums
   */
  public boolean hasRowMultiples() {
    return rowMultiples;
  }
}
