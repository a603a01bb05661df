// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What calibration remembers of the inputs of one linear layer: per channel the range, the mean and
 * the mean magnitude, and if wanted the second moment (the Hessian of the output error, {@link
 * Gram}).
 *
 * <p>It is fed batch by batch in bounded memory ({@code in^2} floats with the moment, {@code 6 in}
 * numbers without; half a mebibyte more with quantiles), merges with other statistics, and follows
 * transforms of the input in closed form. Channel sums are in double, in the order of the tokens;
 * the result does not depend on the number of threads, and but for the moment not on the batches
 * either. Not thread-safe while it is added to.
 *
 * <p>A token with a value that is not a number or beyond {@link #LARGEST} in magnitude (its square
 * would soon overflow the moment) is left out as a whole and counted in {@link #skippedTokens()}. A
 * token of weight 0 is left out silently: that is what masks are for.
 */
public final class InputStatistics {
  /** The largest magnitude that is taken for a proper activation, 2^56. */
  public static final float LARGEST = 0x1p56f;

  private static final int COLUMNS_IN_PART = 128;

  private final int size;
  private final @Nullable Gram gram;
  private final double[] sum;
  private double @Nullable [] absoluteSum;
  private @Nullable ChannelRanges ranges;
  private @Nullable QuantileSketch quantiles;
  private double weight;
  private long tokens;
  private long skippedTokens;

  private InputStatistics(
      int size,
      @Nullable Gram gram,
      double[] sum,
      double @Nullable [] absoluteSum,
      @Nullable ChannelRanges ranges) {
    this.size = size;
    this.gram = gram;
    this.sum = sum;
    this.absoluteSum = absoluteSum;
    this.ranges = ranges;
  }

  private static InputStatistics create(int size, @Nullable Gram gram) {
    float[] minimum = new float[size];
    float[] maximum = new float[size];
    Arrays.fill(minimum, Float.POSITIVE_INFINITY);
    Arrays.fill(maximum, Float.NEGATIVE_INFINITY);
    return new InputStatistics(
        size, gram, new double[size], new double[size], new ChannelRanges(minimum, maximum));
  }

  /**
   * Statistics of channels only.
   *
   * @param size input features, at least 1
   * @return statistics of no tokens
   * @throws IllegalArgumentException if the size is less than 1
   */
  public static InputStatistics ofChannels(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("size: " + size + ", expected at least 1");
    }
    return create(size, null);
  }

  /**
   * Statistics of channels with the second moment.
   *
   * @param size input features, from 1 to 46340
   * @return statistics of no tokens
   * @throws IllegalArgumentException if the size is out of range
   */
  public static InputStatistics withGram(int size) {
    return create(size, Gram.empty(size));
  }

  /**
   * The same with a sketch of the distribution of all values.
   *
   * @return statistics of no tokens
   * @throws IllegalStateException if there have been tokens already
   */
  public InputStatistics sketchingQuantiles() {
    if (tokens > 0) {
      throw new IllegalStateException(this + " has seen tokens that a sketch would miss");
    }
    InputStatistics result = create(size, gram == null ? null : Gram.empty(size));
    result.quantiles = QuantileSketch.empty();
    return result;
  }

  /**
   * Adds tokens of weight 1.
   *
   * <p>Cost: a few operations for each element, and with the moment {@code tokens in^2 / 2}
   * multiply-adds.
   *
   * @param inputs activations, {@code [tokens, in]}
   * @param compute the linear algebra and the threads
   * @throws IllegalArgumentException if the inputs have another width
   * @throws IllegalStateException if these statistics come out of a rotation and can only be read
   */
  public void add(FloatMatrix inputs, Compute compute) {
    addAll(inputs, null, compute);
  }

  /**
   * Adds weighted tokens.
   *
   * @param inputs activations, {@code [tokens, in]}
   * @param tokenWeights the weight of each token, finite and not negative; 0 leaves it out
   * @param compute the linear algebra and the threads
   * @throws IllegalArgumentException if the inputs have another width, the number of weights is not
   *     that of the tokens, or a weight is negative or not finite
   * @throws IllegalStateException if these statistics come out of a rotation and can only be read
   */
  public void add(FloatMatrix inputs, float[] tokenWeights, Compute compute) {
    Gram.requireWeights(inputs, tokenWeights);
    addAll(inputs, tokenWeights, compute);
  }

  private void addAll(FloatMatrix inputs, float @Nullable [] tokenWeights, Compute compute) {
    if (inputs.columns() != size) {
      throw new IllegalArgumentException(
          "inputs: " + inputs + ", expected " + size + " columns as in " + this);
    }
    if (ranges == null || absoluteSum == null) {
      throw new IllegalStateException(
          "statistics of a shifted or rotated input cannot be added to; observe the new input");
    }
    UsableTokens usable = new UsableTokens(inputs, tokenWeights, compute.team());
    skippedTokens += usable.skipped();
    usable.forEachChunk((rows, weights) -> addUsable(rows, weights, compute));
  }

  private void addUsable(FloatMatrix inputs, float @Nullable [] tokenWeights, Compute compute) {
    compute
        .team()
        .run(
            Math.ceilDiv(size, COLUMNS_IN_PART),
            part -> {
              int from = part * COLUMNS_IN_PART;
              int to = Math.min(size, from + COLUMNS_IN_PART);
              for (int t = 0; t < inputs.rows(); t++) {
                double tokenWeight = tokenWeights == null ? 1 : tokenWeights[t];
                addChannels(inputs.data(), t * size, from, to, tokenWeight);
              }
            });
    for (int t = 0; t < inputs.rows(); t++) {
      weight += tokenWeights == null ? 1 : tokenWeights[t];
    }
    tokens += inputs.rows();
    if (quantiles != null) {
      quantiles.add(inputs);
    }
    if (gram == null) {
      return;
    }
    if (tokenWeights == null) {
      gram.add(inputs, compute);
    } else {
      gram.add(inputs, tokenWeights, compute);
    }
  }

  private void addChannels(float[] data, int offset, int from, int to, double tokenWeight) {
    ChannelRanges known = ranges;
    double[] magnitudes = absoluteSum;
    if (known == null || magnitudes == null) {
      return;
    }
    float[] minimum = known.minimum();
    float[] maximum = known.maximum();
    for (int j = from; j < to; j++) {
      float x = data[offset + j];
      sum[j] += tokenWeight * x;
      magnitudes[j] += tokenWeight * Math.abs(x);
      minimum[j] = Math.min(minimum[j], x);
      maximum[j] = Math.max(maximum[j], x);
    }
  }

  /**
   * Adds what other statistics have seen; afterwards these are the statistics of both, up to
   * rounding.
   *
   * @param other statistics of the same size, both with or both without the moment, likewise the
   *     sketch; not changed
   * @throws IllegalArgumentException if they have another size, or only one has the moment or the
   *     sketch
   */
  public void merge(InputStatistics other) {
    if (other.size != size
        || (other.gram == null) != (gram == null)
        || (other.quantiles == null) != (quantiles == null)) {
      throw new IllegalArgumentException(
          "other: " + other + ", expected the same channels, moment and sketch as " + this);
    }
    if (quantiles != null && other.quantiles != null) {
      quantiles.merge(other.quantiles);
    }
    for (int j = 0; j < size; j++) {
      sum[j] += other.sum[j];
    }
    double[] magnitudes = absoluteSum;
    if (magnitudes == null || other.absoluteSum == null) {
      absoluteSum = null;
    } else {
      for (int j = 0; j < size; j++) {
        magnitudes[j] += other.absoluteSum[j];
      }
    }
    ranges = ranges == null || other.ranges == null ? null : ranges.merged(other.ranges);
    if (gram != null && other.gram != null) {
      gram.merge(other.gram);
    }
    weight += other.weight;
    tokens += other.tokens;
    skippedTokens += other.skippedTokens;
  }

  /**
   * The statistics of {@code x' = x diag(factors)}.
   *
   * @param factors one for each channel, finite
   * @return new statistics; everything stays known
   * @throws IllegalArgumentException if their number is not that of the channels
   */
  public InputStatistics scaled(float[] factors) {
    requireLength("factors", factors.length);
    double[] newSum = new double[size];
    double[] newAbsolute = absoluteSum == null ? null : new double[size];
    for (int j = 0; j < size; j++) {
      newSum[j] = sum[j] * factors[j];
      if (newAbsolute != null && absoluteSum != null) {
        newAbsolute[j] = absoluteSum[j] * Math.abs(factors[j]);
      }
    }
    return derived(
        gram == null ? null : gram.scaled(factors),
        newSum,
        newAbsolute,
        ranges == null ? null : ranges.scaled(factors));
  }

  /**
   * The statistics of {@code x' = x - shift}.
   *
   * @param shift what is subtracted from each channel, finite
   * @return new statistics; the mean magnitude is not known any more
   * @throws IllegalArgumentException if their number is not that of the channels
   */
  public InputStatistics shifted(float[] shift) {
    requireLength("shift", shift.length);
    double[] newSum = new double[size];
    for (int j = 0; j < size; j++) {
      newSum[j] = sum[j] - weight * shift[j];
    }
    return derived(
        gram == null ? null : gram.shifted(shift, mean()),
        newSum,
        null,
        ranges == null ? null : ranges.shifted(shift));
  }

  /**
   * The statistics of {@code x'_j = x_order[j]}.
   *
   * @param order a permutation of the channels
   * @return new statistics; everything stays known
   * @throws IllegalArgumentException if it is not a permutation
   */
  public InputStatistics permuted(int[] order) {
    Permutations.require(order, size);
    double[] newSum = new double[size];
    double[] newAbsolute = absoluteSum == null ? null : new double[size];
    for (int j = 0; j < size; j++) {
      newSum[j] = sum[order[j]];
      if (newAbsolute != null && absoluteSum != null) {
        newAbsolute[j] = absoluteSum[order[j]];
      }
    }
    InputStatistics result =
        derived(
            gram == null ? null : gram.permuted(order),
            newSum,
            newAbsolute,
            ranges == null ? null : ranges.permuted(order));
    result.quantiles = quantiles;
    return result;
  }

  /**
   * The statistics of {@code x' = x T} for any linear map, such as a rotation.
   *
   * @param map the map {@code x -> x T}
   * @param team the threads
   * @return new statistics; ranges and mean magnitudes are not known any more and must be observed
   *     again
   */
  public InputStatistics mapped(RowMap map, WorkerTeam team) {
    float[] mean = new float[size];
    double[] old = mean();
    for (int j = 0; j < size; j++) {
      mean[j] = (float) old[j];
    }
    map.apply(mean, 0);
    double[] newSum = new double[size];
    for (int j = 0; j < size; j++) {
      newSum[j] = mean[j] * weight;
    }
    return derived(gram == null ? null : gram.mapped(map, team), newSum, null, null);
  }

  private InputStatistics derived(
      @Nullable Gram newGram,
      double[] newSum,
      double @Nullable [] newAbsolute,
      @Nullable ChannelRanges newRanges) {
    InputStatistics result = new InputStatistics(size, newGram, newSum, newAbsolute, newRanges);
    result.weight = weight;
    result.tokens = tokens;
    result.skippedTokens = skippedTokens;
    return result;
  }

  private void requireLength(String name, int length) {
    if (length != size) {
      throw new IllegalArgumentException(name + ": " + length + " values, expected " + size);
    }
  }

  /**
   * The input features.
   *
   * @return the number of channels
   */
  public int size() {
    return size;
  }

  /**
   * The second moment.
   *
   * @return the live moment, or empty if it is not collected
   */
  public Optional<Gram> gram() {
    return Optional.ofNullable(gram);
  }

  /**
   * The range of each channel.
   *
   * @return the live ranges, or empty before the first token and after a rotation
   */
  public Optional<ChannelRanges> ranges() {
    return tokens == 0 ? Optional.empty() : Optional.ofNullable(ranges);
  }

  /**
   * How the values of all channels together are distributed, each token counted once.
   *
   * @return the live sketch, or empty if it is not collected, before the first token, and after a
   *     transform that changes values
   */
  public Optional<QuantileSketch> quantiles() {
    return tokens == 0 ? Optional.empty() : Optional.ofNullable(quantiles);
  }

  /**
   * The weighted mean of each channel.
   *
   * @return a fresh array; zeros before the first token
   */
  public double[] mean() {
    return divided(sum);
  }

  /**
   * The weighted mean magnitude of each channel.
   *
   * @return a fresh array, or empty before the first token and after a shift or rotation
   */
  public Optional<double[]> meanAbsolute() {
    return tokens == 0 || absoluteSum == null
        ? Optional.empty()
        : Optional.of(divided(absoluteSum));
  }

  private double[] divided(double[] sums) {
    double[] result = sums.clone();
    for (int j = 0; j < size; j++) {
      result[j] = weight == 0 ? 0 : result[j] / weight;
    }
    return result;
  }

  /**
   * The sum of the weights of the tokens used.
   *
   * @return 0 before the first token
   */
  public double weight() {
    return weight;
  }

  /**
   * The number of tokens used: those with finite values and a positive weight.
   *
   * @return 0 before the first token
   */
  public long tokens() {
    return tokens;
  }

  /**
   * The number of tokens left out because a value was NaN, infinite or absurdly large.
   *
   * @return 0 for healthy inputs
   */
  public long skippedTokens() {
    return skippedTokens;
  }

  /** Channels, tokens and what is known. */
  @Override
  public String toString() {
    return "InputStatistics["
        + size
        + " channels"
        + (gram == null ? "" : " with moment")
        + (quantiles == null ? "" : " with quantiles")
        + "] of "
        + tokens
        + " tokens"
        + (skippedTokens == 0 ? "" : ", " + skippedTokens + " skipped");
  }
}
