// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.SplittableRandom;

/** A generator whose seed shows up in test names and messages, with the draws that tests need. */
public final class SeededRandom {
  private final long seed;
  private final SplittableRandom random;

  /**
   * Starts a sequence.
   *
   * @param seed the seed
   */
  public SeededRandom(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  /** {@return a whole number from {@code from} (inclusive) to {@code to} (exclusive)} */
  public int nextInt(int from, int to) {
    return random.nextInt(from, to);
  }

  /** {@return uniform in [0, 1)} */
  public double nextDouble() {
    return random.nextDouble();
  }

  /** {@return any 64 bits} */
  public long nextLong() {
    return random.nextLong();
  }

  /** {@return a draw from the standard normal distribution} */
  public float nextGaussian() {
    return (float) random.nextGaussian();
  }

  /** {@return {@code count} standard normal draws} */
  public float[] gaussians(int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = nextGaussian();
    }
    return values;
  }

  /** {@return a matrix of standard normal draws} */
  public FloatMatrix gaussianMatrix(int rows, int columns) {
    return FloatMatrix.wrap(rows, columns, gaussians(rows * columns));
  }

  /** The seed, so that a failing assertion can say it. */
  @Override
  public String toString() {
    return "seed " + seed;
  }
}
