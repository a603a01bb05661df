// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
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
 * Sizes {@code m 2^k} with a Hadamard matrix of size {@code m} (12, 20, 28, 36, 44, 60, ...) take
 * {@code b (k + m)}. The signs come from a seed, so that nothing but the seed is stored.
 */
public final class HadamardTransform implements InputTransform {
  /** A seed for no random signs. */
  public static final long NO_SIGNS = -1;

  private final int size;
  private final int block;
  private final long seed;
  private final boolean inverted;
  private final int base;
  private final float[] baseMatrix;
  private final float[] signs;

  private HadamardTransform(int size, int block, long seed, boolean inverted) {
    this.size = size;
    this.block = block;
    this.seed = seed;
    this.inverted = inverted;
    this.base = HadamardBase.baseSize(block);
    this.baseMatrix = base > 1 ? HadamardBase.matrix(base) : new float[0];
    this.signs = new float[size];
    Arrays.fill(signs, 1f);
    if (seed != NO_SIGNS) {
      // SplittableRandom's sequence for a seed is specified, so files can rely on it.
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < size; i++) {
        signs[i] = random.nextBoolean() ? 1f : -1f;
      }
    }
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
    return of(size, HadamardBase.largestBlock(size), seed);
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
    if (size < 1 || block < 1 || size % block != 0) {
      throw new IllegalArgumentException(
          "block: " + block + " does not divide the " + size + " channels");
    }
    if (HadamardBase.baseSize(block) == 0) {
      throw new IllegalArgumentException(
          "block: no Hadamard matrix of size "
              + block
              + " is known here; expected a power of two, or one times 12, 20, 28, 36, 44 or 60;"
              + " the largest block for "
              + size
              + " channels is "
              + HadamardBase.largestBlock(size));
    }
    if (seed < NO_SIGNS) {
      throw new IllegalArgumentException("seed: " + seed + ", expected at least 0, or -1 for none");
    }
    return new HadamardTransform(size, block, seed, false);
  }

  /**
   * The block.
   *
   * @return channels that are mixed with each other
   */
  public int block() {
    return block;
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
    return inverted;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public void apply(
      float[] x,
      int xOffset,
      int tokens,
      float[] y,
      int yOffset,
      LinearAlgebra algebra,
      WorkerTeam team) {
    checkBatch(x, xOffset, tokens, y, yOffset);
    team.run(tokens, t -> token(x, xOffset + t * size, y, yOffset + t * size));
  }

  private void token(float[] x, int from, float[] y, int to) {
    float factor = (float) (1 / Math.sqrt(block));
    for (int i = 0; i < size; i++) {
      y[to + i] = inverted ? x[from + i] : x[from + i] * signs[i];
    }
    int power = block / base;
    float[] column = new float[base];
    for (int start = to; start < to + size; start += block) {
      for (int sub = start; sub < start + block; sub += power) {
        butterflies(y, sub, power);
      }
      if (base > 1) {
        mixBase(y, start, power, column);
      }
    }
    for (int i = 0; i < size; i++) {
      y[to + i] *= inverted ? factor * signs[i] : factor;
    }
  }

  private static void butterflies(float[] y, int start, int length) {
    for (int half = 1; half < length; half *= 2) {
      for (int i = start; i < start + length; i += 2 * half) {
        for (int j = i; j < i + half; j++) {
          float a = y[j];
          float b = y[j + half];
          y[j] = a + b;
          y[j + half] = a - b;
        }
      }
    }
  }

  /** The block as a {@code [base, power]} matrix: multiplied from the left by K^T, or K to undo. */
  private void mixBase(float[] y, int start, int power, float[] column) {
    for (int c = start; c < start + power; c++) {
      for (int a = 0; a < base; a++) {
        column[a] = y[c + a * power];
      }
      for (int a = 0; a < base; a++) {
        float sum = 0;
        for (int b = 0; b < base; b++) {
          sum += baseMatrix[inverted ? a * base + b : b * base + a] * column[b];
        }
        y[c + a * power] = sum;
      }
    }
  }

  @Override
  public HadamardTransform inverse() {
    return new HadamardTransform(size, block, seed, !inverted);
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
    return block == 1;
  }

  @Override
  public boolean isOrthogonal() {
    return true;
  }

  /** {@code n (log2(b / m) + m)}, with {@code m = 0} for powers of two. */
  @Override
  public long operationsPerToken() {
    int levels = Integer.numberOfTrailingZeros(block / base);
    return (long) size * (levels + (base > 1 ? base : 0));
  }

  @Override
  public Set<FoldPlace> foldPlaces() {
    return EnumSet.of(FoldPlace.PRODUCER_ROWS, FoldPlace.PRODUCER_BIAS);
  }

  @Override
  public String describe() {
    return (inverted ? "inverse " : "")
        + "hadamard["
        + size
        + "]"
        + (block == size ? "" : " in blocks of " + block)
        + (seed == NO_SIGNS ? "" : ", seed " + seed);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HadamardTransform rotation
        && size == rotation.size
        && block == rotation.block
        && seed == rotation.seed
        && inverted == rotation.inverted;
  }

  @Override
  public int hashCode() {
    return Objects.hash(size, block, seed, inverted);
  }

  /** As {@link #describe()}. */
  @Override
  public String toString() {
    return describe();
  }
}
