// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.HadamardMatrices;
import io.github.quant4j.linalg.HadamardRotation;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Flips random signs and rotates blocks of channels by a Hadamard matrix, which spreads outliers
 * over the block: {@code x' = (x o sigma) H / sqrt(b)} for blocks of {@code b} channels (QuIP#,
 * Tseng et al., arXiv 2402.04396; QuaRot, Ashkboos et al., arXiv 2404.00456).
 *
 * <p>Blocks of {@code b = 2^k} take {@code b k} additions with the fast Walsh-Hadamard transform.
 * Sizes {@code m 2^k} with a Hadamard matrix of size {@code m} (12, 20, 28, 36, 172, ...) take
 * {@code b (k + m)}. The signs come from a seed, so that nothing but the seed is stored.
 */
public final class HadamardTransform implements InputTransform {
  /** A seed for no random signs. */
  public static final long NO_SIGNS = -1;

  private final long seed;
  private final HadamardRotation rotation;

  private HadamardTransform(long seed, HadamardRotation rotation) {
    this.seed = seed;
    this.rotation = rotation;
  }

  private static float[] signs(int size, long seed) {
    float[] signs = new float[size];
    Arrays.fill(signs, 1f);
    if (seed != NO_SIGNS) {
      // SplittableRandom's sequence for a seed is specified, so files can rely on it.
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < size; i++) {
        signs[i] = random.nextBoolean() ? 1f : -1f;
      }
    }
    return signs;
  }

  /**
   * A rotation of the largest blocks that divide the channels and have a Hadamard matrix: all
   * channels at once in most networks.
   *
   * @param size the channels, at least 1
   * @param seed of the signs, not negative, or {@link #NO_SIGNS}
   * @return the transform
   * @throws IllegalArgumentException if the size is less than 1 or the seed below -1
   */
  public static HadamardTransform of(int size, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("size: " + size + ", expected at least 1");
    }
    return of(size, HadamardMatrices.largestBlock(size), seed);
  }

  /**
   * A rotation of blocks.
   *
   * @param size the channels, at least 1
   * @param block channels of a block; for one attention head at a time the width of a head, for
   *     groups of heads a multiple of it
   * @param seed of the signs, not negative, or {@link #NO_SIGNS}
   * @return the transform
   * @throws IllegalArgumentException if the block does not divide the size or has no known Hadamard
   *     matrix, or the seed is below -1
   */
  public static HadamardTransform of(int size, int block, long seed) {
    if (size < 1) {
      throw new IllegalArgumentException("size: " + size + ", expected at least 1");
    }
    if (seed < NO_SIGNS) {
      throw new IllegalArgumentException("seed: " + seed + ", expected at least 0, or -1 for none");
    }
    return new HadamardTransform(seed, HadamardRotation.of(size, block, signs(size, seed)));
  }

  /**
   * The block.
   *
   * @return channels that are mixed with each other
   */
  public int block() {
    return rotation.block();
  }

  /**
   * The seed of the signs.
   *
   * @return not negative, or {@link #NO_SIGNS}
   */
  public long seed() {
    return seed;
  }

  /**
   * Whether this undoes the rotation.
   *
   * @return true for what {@link #inverse()} of a rotation gives
   */
  public boolean isInverted() {
    return rotation.isInverted();
  }

  @Override
  public int size() {
    return rotation.size();
  }

  @Override
  public void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute) {
    Batches.check(size(), x, xOffset, tokens, y, yOffset);
    compute.algebra().rotate(rotation, tokens, x, xOffset, y, yOffset, compute.team());
  }

  @Override
  public HadamardTransform inverse() {
    return new HadamardTransform(seed, rotation.inverse());
  }

  @Override
  public HadamardTransform linearPart() {
    return this;
  }

  @Override
  public HadamardTransform contragredient() {
    return this;
  }

  @Override
  public boolean hasConstant() {
    return false;
  }

  @Override
  public boolean keepsChannels() {
    return block() == 1;
  }

  @Override
  public boolean isOrthogonal() {
    return true;
  }

  /** {@code n (log2(b / m) + m)}, with {@code m = 0} for powers of two. */
  @Override
  public long operationsPerToken() {
    int levels = Integer.numberOfTrailingZeros(rotation.power());
    return (long) size() * (levels + (rotation.baseSize() > 1 ? rotation.baseSize() : 0));
  }

  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(FoldPlace.PRODUCER_ROWS, FoldPlace.PRODUCER_BIAS);
  }

  @Override
  public String describe() {
    return (isInverted() ? "inverse " : "")
        + "hadamard["
        + size()
        + "]"
        + (block() == size() ? "" : " in blocks of " + block())
        + (seed == NO_SIGNS ? "" : ", seed " + seed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HadamardTransform transform
        && size() == transform.size()
        && block() == transform.block()
        && seed == transform.seed
        && isInverted() == transform.isInverted();
  }

  @Override
  public int hashCode() {
    return Objects.hash(size(), block(), seed, isInverted());
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
