// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linalg;

import java.util.Objects;

/**
 * A rotation of blocks of channels by a Hadamard matrix after sign flips, {@code x' = (x o sigma) H
 * / sqrt(b)} for row vectors and blocks of {@code b} channels, or its inverse {@code x = (x' H^T /
 * sqrt(b)) o sigma}.
 *
 * <p>{@code H = K (x) S} with a base {@code K} of size {@code m} from {@link HadamardMatrices} and
 * Sylvester's matrix {@code S} of size {@code b / m}. A token of {@code n} channels costs {@code n
 * (log2(b / m) + m)} additions, without the {@code m} for powers of two. Run it with {@link
 * LinearAlgebra#rotate}. Immutable.
 */
public final class HadamardRotation {
  private final int size;
  private final int block;
  private final int baseSize;
  private final float[] baseMatrix;
  private final float[] signs;
  private final boolean inverted;

  private HadamardRotation(
      int size, int block, int baseSize, float[] baseMatrix, float[] signs, boolean inverted) {
    this.size = size;
    this.block = block;
    this.baseSize = baseSize;
    this.baseMatrix = baseMatrix;
    this.signs = signs;
    this.inverted = inverted;
  }

  /**
   * A rotation.
   *
   * @param size the channels, at least 1
   * @param block channels of a block
   * @param signs 1 or -1 for each channel; copied
   * @return the rotation
   * @throws IllegalArgumentException if the block does not divide the size or has no known Hadamard
   *     matrix, or the signs are not {@code size} values 1 and -1
   */
  public static HadamardRotation of(int size, int block, float[] signs) {
    if (size < 1 || block < 1 || size % block != 0) {
      throw new IllegalArgumentException(
          "block: " + block + " does not divide the " + size + " channels");
    }
    int base = HadamardMatrices.baseSize(block);
    if (base == 0) {
      throw new IllegalArgumentException(
          "block: no Hadamard matrix of size "
              + block
              + " is known; the largest block for "
              + size
              + " channels is "
              + HadamardMatrices.largestBlock(size));
    }
    if (signs.length != size) {
      throw new IllegalArgumentException(
          "signs: " + signs.length + " values, expected " + size + ", one for each channel");
    }
    for (int i = 0; i < size; i++) {
      if (Math.abs(signs[i]) != 1f) {
        throw new IllegalArgumentException(
            "signs: number " + i + " is " + signs[i] + ", expected 1 or -1");
      }
    }
    return new HadamardRotation(
        size, block, base, HadamardMatrices.base(base), signs.clone(), false);
  }

  /**
   * The rotation back.
   *
   * @return what undoes this rotation
   */
  public HadamardRotation inverse() {
    return new HadamardRotation(size, block, baseSize, baseMatrix, signs, !inverted);
  }

  /**
   * The channels.
   *
   * @return length of the vectors
   */
  public int size() {
    return size;
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
   * The size of the base.
   *
   * @return {@code m}, 1 for a power of two
   */
  public int baseSize() {
    return baseSize;
  }

  /**
   * The size of Sylvester's matrix.
   *
   * @return {@code b / m}, a power of two
   */
  public int power() {
    return block / baseSize;
  }

  /**
   * The base.
   *
   * @return {@code K}, row-major {@code [m, m]}; the live array, not to be changed
   */
  public float[] baseMatrix() {
    return baseMatrix;
  }

  /**
   * The signs.
   *
   * @return 1 or -1 for each channel; the live array, not to be changed
   */
  public float[] signs() {
    return signs;
  }

  /**
   * The direction.
   *
   * @return true for what {@link #inverse()} of a rotation gives
   */
  public boolean isInverted() {
    return inverted;
  }

  /**
   * The factor that makes the map orthogonal.
   *
   * @return {@code 1 / sqrt(b)}
   */
  public float factor() {
    return (float) (1 / Math.sqrt(block));
  }

  /**
   * Rotates one token in plain Java: the reference for kernels.
   *
   * @param x the token
   * @param xOffset position of its first channel
   * @param y receives the rotated token; may be {@code x} at the same position
   * @param yOffset position of its first channel
   * @throws IndexOutOfBoundsException if an array is too short
   */
  public void apply(float[] x, int xOffset, float[] y, int yOffset) {
    Objects.checkFromIndexSize(xOffset, size, x.length);
    Objects.checkFromIndexSize(yOffset, size, y.length);
    float factor = factor();
    for (int i = 0; i < size; i++) {
      y[yOffset + i] = inverted ? x[xOffset + i] : x[xOffset + i] * signs[i];
    }
    int power = power();
    float[] column = baseSize > 1 ? new float[baseSize] : signs;
    for (int start = yOffset; start < yOffset + size; start += block) {
      for (int sub = start; sub < start + block; sub += power) {
        butterflies(y, sub, power);
      }
      if (baseSize > 1) {
        mixBase(y, start, power, column);
      }
    }
    for (int i = 0; i < size; i++) {
      y[yOffset + i] *= inverted ? factor * signs[i] : factor;
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

  /** The block as a {@code [m, b / m]} matrix, multiplied from the left by K^T, or K to undo. */
  private void mixBase(float[] y, int start, int power, float[] column) {
    for (int c = start; c < start + power; c++) {
      for (int a = 0; a < baseSize; a++) {
        column[a] = y[c + a * power];
      }
      for (int a = 0; a < baseSize; a++) {
        float sum = 0;
        for (int b = 0; b < baseSize; b++) {
          sum += baseMatrix[inverted ? a * baseSize + b : b * baseSize + a] * column[b];
        }
        y[c + a * power] = sum;
      }
    }
  }

  /** Size and block. */
  @Override
  public String toString() {
    return (inverted ? "inverse " : "") + "hadamard[" + size + "] in blocks of " + block;
  }
}
