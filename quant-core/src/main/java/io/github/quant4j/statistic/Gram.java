// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.linalg.ScalarLinearAlgebra;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * The weighted second moment of a linear layer's input, {@code H = sum_t r_t x_t x_t^T}: the one
 * statistic that nearly every calibrated method needs.
 *
 * <p>The layer's output error for a weight change {@code E} is {@code tr(E H E^T)}. H is kept as a
 * sum, not a mean; {@link #weight()} is the sum of the token weights. Both triangles are stored.
 * Not thread-safe while it is added to.
 */
public final class Gram {
  private final int size;
  private final float[] values;
  private double weight;
  private long tokens;

  private Gram(int size, float[] values, double weight, long tokens) {
    this.size = size;
    this.values = values;
    this.weight = weight;
    this.tokens = tokens;
  }

  /**
   * A moment of no tokens.
   *
   * @param size input features, from 1 to 46340
   * @return zeros
   * @throws IllegalArgumentException if the size is out of range
   */
  public static Gram empty(int size) {
    if (size < 1 || size > 46340) {
      throw new IllegalArgumentException("size: " + size + ", expected 1 to 46340");
    }
    return new Gram(size, new float[size * size], 0, 0);
  }

  /**
   * The moment of some inputs, each of weight 1, computed on the calling thread.
   *
   * @param inputs activations, {@code [tokens, in]}
   * @return the moment
   */
  public static Gram of(FloatMatrix inputs) {
    Gram gram = empty(inputs.columns());
    gram.add(inputs, new ScalarLinearAlgebra(), WorkerTeam.sequential());
    return gram;
  }

  /**
   * Uses a moment computed elsewhere.
   *
   * @param values the sum, symmetric {@code [in, in]}; shared, not copied
   * @param weight the sum of the token weights, positive
   * @param tokens the number of tokens
   * @return the moment
   * @throws IllegalArgumentException if the matrix is not square
   */
  public static Gram wrap(FloatMatrix values, double weight, long tokens) {
    if (values.rows() != values.columns()) {
      throw new IllegalArgumentException("values: " + values + ", expected a square matrix");
    }
    return new Gram(values.rows(), values.data(), weight, tokens);
  }

  /**
   * Adds tokens of weight 1.
   *
   * <p>Cost: {@code tokens in^2 / 2} multiply-adds.
   *
   * @param inputs activations, {@code [tokens, in]}
   * @param algebra who multiplies
   * @param team the threads
   * @throws IllegalArgumentException if the inputs have another width
   */
  public void add(FloatMatrix inputs, LinearAlgebra algebra, WorkerTeam team) {
    if (inputs.columns() != size) {
      throw new IllegalArgumentException(
          "inputs: "
              + inputs
              + ", expected "
              + size
              + " columns for a ["
              + size
              + ", "
              + size
              + "] moment");
    }
    algebra.addGram(inputs.rows(), size, inputs.data(), 0, values, team);
    weight += inputs.rows();
    tokens += inputs.rows();
  }

  /**
   * The input features.
   *
   * @return rows and columns of H
   */
  public int size() {
    return size;
  }

  /**
   * The sum, row-major {@code [size, size]}.
   *
   * @return the live array
   */
  public float[] values() {
    return values;
  }

  /**
   * The sum of the token weights.
   *
   * @return 0 if nothing was added
   */
  public double weight() {
    return weight;
  }

  /**
   * The number of tokens.
   *
   * @return 0 if nothing was added
   */
  public long tokens() {
    return tokens;
  }
}
