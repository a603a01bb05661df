// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Two small matrices instead of a large one, {@code x' = x (P1 (x) P2)}: with the {@code n1 n2}
 * channels as a matrix {@code X [n1, n2]}, {@code X' = P1^T X P2} (FlatQuant, Sun et al., arXiv
 * 2410.09426). Costs {@code n (n1 + n2)} instead of {@code n^2}.
 */
public final class KroneckerTransform implements InputTransform {
  private final FloatMatrix first;
  private final FloatMatrix second;
  private final FloatMatrix firstInverse;
  private final FloatMatrix secondInverse;

  private KroneckerTransform(
      FloatMatrix first, FloatMatrix second, FloatMatrix firstInverse, FloatMatrix secondInverse) {
    this.first = first;
    this.second = second;
    this.firstInverse = firstInverse;
    this.secondInverse = secondInverse;
  }

  /**
   * A transform by two matrices; their inverses are computed in double precision.
   *
   * @param first P1, {@code [n1, n1]}; copied
   * @param second P2, {@code [n2, n2]}; copied
   * @return the transform of {@code n1 n2} channels
   * @throws IllegalArgumentException if one is not square, not finite, or singular in single
   *     precision
   */
  public static KroneckerTransform of(FloatMatrix first, FloatMatrix second) {
    return new KroneckerTransform(
        first.copy(),
        second.copy(),
        SquareMatrices.inverse("first", first),
        SquareMatrices.inverse("second", second));
  }

  /**
   * The balanced split of a number of channels.
   *
   * @param size channels, at least 1
   * @return the largest divisor that is not above the square root; 1 for primes
   */
  public static int balancedFactor(int size) {
    int best = 1;
    for (int d = 1; (long) d * d <= size; d++) {
      if (size % d == 0) {
        best = d;
      }
    }
    return best;
  }

  /**
   * The first matrix.
   *
   * @return P1, {@code [n1, n1]}, a copy
   */
  public FloatMatrix first() {
    return first.copy();
  }

  /**
   * The second matrix.
   *
   * @return P2, {@code [n2, n2]}, a copy
   */
  public FloatMatrix second() {
    return second.copy();
  }

  @Override
  public int size() {
    return first.rows() * second.rows();
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    compute
        .algebra()
        .multiplyKronecker(tokens, first, second, x, xOffset, y, yOffset, compute.team());
  }

  @Override
  public KroneckerTransform inverse() {
    return new KroneckerTransform(firstInverse, secondInverse, first, second);
  }

  @Override
  public KroneckerTransform linearPart() {
    return this;
  }

  @Override
  public KroneckerTransform contragredient() {
    return new KroneckerTransform(
        firstInverse.transpose(), secondInverse.transpose(), first.transpose(), second.transpose());
  }

  @Override
  public boolean hasConstant() {
    return false;
  }

  @Override
  public boolean keepsChannels() {
    return false;
  }

  @Override
  public boolean isOrthogonal() {
    return false;
  }

  @Override
  public long operationsPerToken() {
    return (long) size() * (first.rows() + second.rows());
  }

  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(FoldPlace.PRODUCER_ROWS, FoldPlace.PRODUCER_BIAS);
  }

  @Override
  public String describe() {
    return "kronecker[" + first.rows() + " x " + second.rows() + "]";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KroneckerTransform product
        && Arrays.equals(first.data(), product.first.data())
        && Arrays.equals(second.data(), product.second.data());
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(first.data()) + Arrays.hashCode(second.data());
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
