// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.MatrixView;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * The weighted second moment of a linear layer's input, {@code H = sum_t r_t x_t x_t^T}: the one
 * statistic that nearly every calibrated method needs.
 *
 * <p>Papers call it the Hessian: up to a factor of 2, H is the Hessian of the layer's squared
 * output error with respect to each row of the weights.
 *
 * <p>The layer's output error for a weight change {@code E} is {@code tr(E H E^T)}. H is kept as a
 * sum, not a mean; {@link #weight()} is the sum of the token weights. Both triangles are stored.
 * Token weights cover padding masks (0 or 1), attention concentration (RSQ, Sung et al., 2025),
 * gate scores of experts and ratios of modalities.
 *
 * <p>Not thread-safe while it is added to. Values are summed in single precision: whoever adds
 * inputs that are not finite, or whose squares overflow, gets a moment that is not finite, which
 * roundings report and do not use; {@link InputStatistics} leaves such tokens out.
 */
public final class Gram {
  /** Weighted tokens are copied this many at a time. */
  private static final int CHUNK = 512;

  private static final int ROWS_IN_PART = 64;

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
   * The moment of some inputs, each of weight 1.
   *
   * @param inputs activations, {@code [tokens, in]}
   * @param compute the linear algebra and the threads
   * @return the moment
   */
  public static Gram of(FloatMatrix inputs, Compute compute) {
    Gram gram = empty(inputs.columns());
    gram.add(inputs, compute);
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
   * @param compute the linear algebra and the threads
   * @throws IllegalArgumentException if the inputs have another width
   */
  public void add(FloatMatrix inputs, Compute compute) {
    requireWidth(inputs);
    MatrixView sums = MatrixView.dense(values, size, size);
    compute.addGram(MatrixView.of(inputs), sums);
    weight += inputs.rows();
    tokens += inputs.rows();
  }

  /**
   * Adds weighted tokens; those of weight 0 are not counted.
   *
   * <p>Cost: {@code tokens in^2 / 2} multiply-adds, and scratch memory for 512 tokens.
   *
   * @param inputs activations, {@code [tokens, in]}
   * @param tokenWeights the weight of each token, finite and not negative
   * @param compute the linear algebra and the threads
   * @throws IllegalArgumentException if the inputs have another width, the number of weights is not
   *     that of the tokens, or a weight is negative or not finite
   */
  public void add(FloatMatrix inputs, float[] tokenWeights, Compute compute) {
    requireWidth(inputs);
    requireWeights(inputs, tokenWeights);
    float[] scaled = new float[Math.min(CHUNK, Math.max(1, inputs.rows())) * size];
    MatrixView sums = MatrixView.dense(values, size, size);
    int filled = 0;
    for (int t = 0; t < inputs.rows(); t++) {
      if (tokenWeights[t] == 0) {
        continue;
      }
      float factor = (float) Math.sqrt(tokenWeights[t]);
      for (int j = 0; j < size; j++) {
        scaled[filled * size + j] = factor * inputs.data()[t * size + j];
      }
      weight += tokenWeights[t];
      tokens++;
      filled++;
      if (filled * size == scaled.length) {
        compute.addGram(MatrixView.dense(scaled, filled, size), sums);
        filled = 0;
      }
    }
    if (filled > 0) {
      compute.addGram(MatrixView.dense(scaled, filled, size), sums);
    }
  }

  static void requireWeights(FloatMatrix inputs, float[] tokenWeights) {
    if (tokenWeights.length != inputs.rows()) {
      throw new IllegalArgumentException(
          "tokenWeights: " + tokenWeights.length + ", expected one for each token of " + inputs);
    }
    for (int t = 0; t < tokenWeights.length; t++) {
      if (!(tokenWeights[t] >= 0) || tokenWeights[t] == Float.POSITIVE_INFINITY) {
        throw new IllegalArgumentException(
            "tokenWeights: number "
                + t
                + " is "
                + tokenWeights[t]
                + ", expected a finite value of at least 0");
      }
    }
  }

  private void requireWidth(FloatMatrix inputs) {
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
  }

  /**
   * Adds what another moment has seen; afterwards this is the moment of both, up to rounding.
   *
   * @param other a moment of the same size; not changed
   * @throws IllegalArgumentException if it has another size
   */
  public void merge(Gram other) {
    if (other.size != size) {
      throw new IllegalArgumentException(
          "other: ["
              + other.size
              + ", "
              + other.size
              + "], expected ["
              + size
              + ", "
              + size
              + "] as here");
    }
    for (int i = 0; i < values.length; i++) {
      values[i] += other.values[i];
    }
    weight += other.weight;
    tokens += other.tokens;
  }

  /**
   * A deep copy.
   *
   * @return a moment with an array of its own
   */
  public Gram copy() {
    return new Gram(size, values.clone(), weight, tokens);
  }

  /**
   * The moment of {@code x' = x diag(factors)}: {@code H'[i][j] = f_i f_j H[i][j]}.
   *
   * @param factors one for each input, finite
   * @return a new moment
   * @throws IllegalArgumentException if their number is not the size
   */
  public Gram scaled(float[] factors) {
    requireLength("factors", factors.length);
    float[] result = new float[values.length];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        // The product of the factors first: it is the same for (i, j) and (j, i).
        result[i * size + j] = factors[i] * factors[j] * values[i * size + j];
      }
    }
    return new Gram(size, result, weight, tokens);
  }

  /**
   * The moment of {@code x'_j = x_order[j]}.
   *
   * @param order a permutation of the inputs
   * @return a new moment
   * @throws IllegalArgumentException if it is not a permutation
   */
  public Gram permuted(int[] order) {
    Permutations.require(order, size);
    float[] result = new float[values.length];
    for (int i = 0; i < size; i++) {
      int from = order[i] * size;
      for (int j = 0; j < size; j++) {
        result[i * size + j] = values[from + order[j]];
      }
    }
    return new Gram(size, result, weight, tokens);
  }

  /**
   * The moment of {@code x' = x - shift}: {@code H' = H - m d^T - d m^T + r d d^T} with the
   * weighted sum of the inputs {@code m} and the sum of the weights {@code r}.
   *
   * @param shift what is subtracted from each input, finite
   * @param mean the weighted mean of the inputs
   * @return a new moment
   * @throws IllegalArgumentException if a length is not the size
   */
  public Gram shifted(float[] shift, double[] mean) {
    requireLength("shift", shift.length);
    requireLength("mean", mean.length);
    float[] result = new float[values.length];
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < size; j++) {
        double change =
            weight * ((double) shift[i] * shift[j] - (mean[i] * shift[j] + mean[j] * shift[i]));
        result[i * size + j] = (float) (values[i * size + j] + change);
      }
    }
    return new Gram(size, result, weight, tokens);
  }

  /**
   * The moment of {@code x' = x T} for any linear map, {@code H' = T^T H T}: the map is applied to
   * the rows, then to the columns.
   *
   * @param map the map {@code x -> x T}
   * @param team the threads
   * @return a new moment, exactly symmetric
   */
  public Gram mapped(RowMap map, WorkerTeam team) {
    FloatMatrix half = FloatMatrix.wrap(size, size, values.clone());
    mapRows(map, half.data(), team);
    float[] result = half.transpose().data();
    mapRows(map, result, team);
    // In exact arithmetic the result is symmetric; rounding must not break that.
    for (int i = 0; i < size; i++) {
      for (int j = 0; j < i; j++) {
        float mean = 0.5f * (result[i * size + j] + result[j * size + i]);
        result[i * size + j] = mean;
        result[j * size + i] = mean;
      }
    }
    return new Gram(size, result, weight, tokens);
  }

  private void mapRows(RowMap map, float[] data, WorkerTeam team) {
    team.run(
        Math.ceilDiv(size, ROWS_IN_PART),
        part -> {
          int end = Math.min(size, (part + 1) * ROWS_IN_PART);
          for (int row = part * ROWS_IN_PART; row < end; row++) {
            map.apply(data, row * size);
          }
        });
  }

  private void requireLength(String name, int length) {
    if (length != size) {
      throw new IllegalArgumentException(name + ": " + length + " values, expected " + size);
    }
  }

  /**
   * The moment of some consecutive inputs, a block on the diagonal.
   *
   * @param from the first input, inclusive
   * @param to the last input, exclusive
   * @return a copy
   * @throws IndexOutOfBoundsException if the range is empty or not within the inputs
   */
  public Gram block(int from, int to) {
    if (from < 0 || to > size || from >= to) {
      throw new IndexOutOfBoundsException("inputs " + from + " to " + to + " of " + this);
    }
    int count = to - from;
    float[] result = new float[count * count];
    for (int i = 0; i < count; i++) {
      System.arraycopy(values, (from + i) * size + from, result, i * count, count);
    }
    return new Gram(count, result, weight, tokens);
  }

  /**
   * The diagonal, each input's weighted sum of squares.
   *
   * @return a fresh array
   */
  public float[] diagonal() {
    float[] diagonal = new float[size];
    for (int j = 0; j < size; j++) {
      diagonal[j] = values[j * size + j];
    }
    return diagonal;
  }

  /**
   * The inputs that were zero for every token, so that their weights had no effect.
   *
   * @return how many there are; all of them before the first token
   */
  public int deadInputs() {
    int count = 0;
    for (int j = 0; j < size; j++) {
      count += values[j * size + j] == 0 ? 1 : 0;
    }
    return count;
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
   * @return the live array, which may be large; it must not be changed
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

  /** Shape, tokens and weight. */
  @Override
  public String toString() {
    return "Gram[" + size + ", " + size + "] of " + tokens + " tokens, weight " + weight;
  }
}
