// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;

/**
 * Reorders channels, {@code x'_j = x_p(j)}, so that channels of like magnitude share groups (Atom,
 * COMET's FMPQ).
 */
public final class PermutationTransform implements InputTransform {
  private final int[] sources;

  private PermutationTransform(int[] sources) {
    this.sources = sources;
  }

  /**
   * A transform of a given order.
   *
   * @param sources for each new position the old one; copied
   * @return the transform
   * @throws IllegalArgumentException if it is not a permutation of {@code 0 .. n - 1}
   */
  public static PermutationTransform of(int... sources) {
    if (sources.length == 0) {
      throw new IllegalArgumentException("sources: none, expected one for each channel");
    }
    boolean[] seen = new boolean[sources.length];
    for (int i = 0; i < sources.length; i++) {
      if (sources[i] < 0 || sources[i] >= seen.length || seen[sources[i]]) {
        throw new IllegalArgumentException(
            "sources: number "
                + i
                + " is "
                + sources[i]
                + ", expected each of 0 to "
                + (seen.length - 1)
                + " once");
      }
      seen[sources[i]] = true;
    }
    return new PermutationTransform(sources.clone());
  }

  /**
   * The order.
   *
   * @return a copy: for each new position the old one
   */
  public int[] sources() {
    return sources.clone();
  }

  @Override
  public int size() {
    return sources.length;
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    int n = sources.length;
    for (int t = 0; t < tokens; t++) {
      int from = xOffset + t * n;
      int to = yOffset + t * n;
      for (int i = 0; i < n; i++) {
        y[to + i] = x[from + sources[i]];
      }
    }
  }

  @Override
  public PermutationTransform inverse() {
    int[] targets = new int[sources.length];
    for (int i = 0; i < sources.length; i++) {
      targets[sources[i]] = i;
    }
    return new PermutationTransform(targets);
  }

  /**
   * This permutation followed by another.
   *
   * @param next applied to the result of this one
   * @return the single permutation that does both
   * @throws IllegalArgumentException if the sizes differ
   */
  public PermutationTransform then(PermutationTransform next) {
    if (next.size() != size()) {
      throw new IllegalArgumentException(
          "next: size " + next.size() + ", expected " + size() + " as this one");
    }
    int[] both = new int[sources.length];
    for (int i = 0; i < both.length; i++) {
      both[i] = sources[next.sources[i]];
    }
    return new PermutationTransform(both);
  }

  @Override
  public PermutationTransform linearPart() {
    return this;
  }

  @Override
  public PermutationTransform contragredient() {
    return this;
  }

  @Override
  public boolean hasConstant() {
    return false;
  }

  @Override
  public boolean keepsChannels() {
    return true;
  }

  @Override
  public boolean isOrthogonal() {
    return true;
  }

  /** Moves only. */
  @Override
  public long operationsPerToken() {
    return 0;
  }

  /** Into rows; not into a normalisation, which cannot move its channels. */
  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(
        FoldPlace.PRODUCER_ROWS, FoldPlace.PRODUCER_BIAS, FoldPlace.ELEMENTWISE_FUNCTION);
  }

  @Override
  public String describe() {
    return "permutation[" + sources.length + "]";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PermutationTransform order && Arrays.equals(sources, order.sources);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(sources);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
