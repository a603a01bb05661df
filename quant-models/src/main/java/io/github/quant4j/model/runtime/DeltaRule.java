// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

/**
 * The gated delta rule (Yang et al., arXiv:2412.06464) for one head and one token: a matrix {@code
 * S}, {@code [key width, value width]}, is replaced by {@code a S + b k (v - a S^T k)^T} and read
 * as {@code S^T q}.
 *
 * <p>The loops run along rows of the matrix, so that the JIT compiler makes vector code of them.
 *
 * @param keyWidth rows of the matrix, and channels of queries and keys
 * @param valueWidth columns of the matrix, and channels of values
 */
public record DeltaRule(int keyWidth, int valueWidth) {
  /** Added to the square of a vector's length before it is divided by it. */
  private static final double LENGTH_EPSILON = 1e-6;

  /** Beyond this {@code log(1 + e^x)} is {@code x}. */
  private static final double SOFTPLUS_LINEAR = 20;

  /**
   * Takes one token. Costs two passes over the state.
   *
   * @param state the matrix, row-major, changed
   * @param at where it begins
   * @param vectors holds the query, the key and the value
   * @param query where the query begins
   * @param key where the key begins
   * @param value where the value begins
   * @param decay {@code a}, from 0 to 1
   * @param rate {@code b}, from 0 to 1
   * @param change room for {@code valueWidth} floats
   * @param result receives what is read; another array than the vectors
   * @param to where it begins
   */
  public void step(
      float[] state,
      int at,
      float[] vectors,
      int query,
      int key,
      int value,
      float decay,
      float rate,
      float[] change,
      float[] result,
      int to) {
    for (int j = 0; j < valueWidth; j++) {
      change[j] = 0;
      result[to + j] = 0;
    }
    for (int i = 0; i < keyWidth; i++) {
      addScaled(vectors[key + i], state, at + i * valueWidth, change, valueWidth);
    }
    for (int j = 0; j < valueWidth; j++) {
      change[j] = rate * (vectors[value + j] - decay * change[j]);
    }
    for (int i = 0; i < keyWidth; i++) {
      float k = vectors[key + i];
      float q = vectors[query + i];
      int row = at + i * valueWidth;
      for (int j = 0; j < valueWidth; j++) {
        float changed = decay * state[row + j] + k * change[j];
        state[row + j] = changed;
        result[to + j] += q * changed;
      }
    }
  }

  private static void addScaled(float factor, float[] x, int from, float[] y, int count) {
    for (int j = 0; j < count; j++) {
      y[j] += factor * x[from + j];
    }
  }

  /** {@code a = e^(-e^A log(1 + e^x))}. */
  public static float decay(float logarithm, float x) {
    double softplus = x > SOFTPLUS_LINEAR ? x : Math.log1p(Math.exp(x));
    return (float) Math.exp(-Math.exp(logarithm) * softplus);
  }

  /** Divides a vector by its length and multiplies it by a factor. */
  public static void normalize(double factor, float[] x, int from, int width) {
    double squares = 0;
    for (int i = 0; i < width; i++) {
      squares += (double) x[from + i] * x[from + i];
    }
    Elementwise.scale(
        (float) (factor / Math.sqrt(squares + LENGTH_EPSILON)), x, from, from + width);
  }
}
