// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.CrossMoment;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.statistic.UpstreamError;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is known of the input of a group of layers. Immutable; matrices and statistics are shared.
 */
@Stable
public final class LayerInput {
  private static final LayerInput UNKNOWN = new LayerInput(null, null, null, null, null, null);

  private final @Nullable InputStatistics statistics;
  private final @Nullable FloatMatrix sample;
  private final @Nullable FloatMatrix heldOut;
  private final @Nullable FloatMatrix producer;
  private final int @Nullable [] ties;
  private final @Nullable UpstreamError upstreamError;

  private LayerInput(
      @Nullable InputStatistics statistics,
      @Nullable FloatMatrix sample,
      @Nullable FloatMatrix heldOut,
      @Nullable FloatMatrix producer,
      int @Nullable [] ties,
      @Nullable UpstreamError upstreamError) {
    this.statistics = statistics;
    this.sample = sample;
    this.heldOut = heldOut;
    this.producer = producer;
    this.ties = ties;
    this.upstreamError = upstreamError;
  }

  /**
   * Nothing is known: for data-free recipes.
   *
   * @return the empty input
   */
  public static LayerInput unknown() {
    return UNKNOWN;
  }

  /**
   * Statistics.
   *
   * @param statistics of the input
   * @return the input
   */
  public static LayerInput of(InputStatistics statistics) {
    return UNKNOWN.withStatistics(statistics);
  }

  /**
   * All that can be learned from some rows: statistics with the second moment, and the rows
   * themselves as sample; computed with {@link KernelOptions#defaults()}.
   *
   * @param rows of the input, {@code [tokens, in]}
   * @return the input
   */
  public static LayerInput observe(FloatMatrix rows) {
    return observe(rows, KernelOptions.defaults().compute());
  }

  /**
   * All that can be learned from some rows: statistics with the second moment, and the rows
   * themselves as sample.
   *
   * <p>Cost: {@code tokens in^2 / 2} multiply-adds.
   *
   * @param rows of the input, {@code [tokens, in]}
   * @param compute the linear algebra and the threads, for example {@code options.compute()}
   * @return the input
   */
  public static LayerInput observe(FloatMatrix rows, Compute compute) {
    InputStatistics statistics = InputStatistics.withGram(rows.columns());
    statistics.add(rows, compute);
    return of(statistics).withSample(rows);
  }

  /**
   * All that can be learned from some rows and from what they are in the original model, whose
   * layers before are not quantized: what {@link #observe(FloatMatrix, Compute)} learns, and the
   * error of the input.
   *
   * <p>Cost: {@code 3 tokens in^2 / 2} multiply-adds.
   *
   * @param rows of the input as the layers quantized so far give it, {@code [tokens, in]}
   * @param fullPrecision the same tokens in the original model, {@code [tokens, in]}
   * @param compute the linear algebra and the threads, for example {@code options.compute()}
   * @return the input
   * @throws IllegalArgumentException if the shapes differ
   */
  public static LayerInput observe(FloatMatrix rows, FloatMatrix fullPrecision, Compute compute) {
    if (fullPrecision.rows() != rows.rows() || fullPrecision.columns() != rows.columns()) {
      throw new IllegalArgumentException(
          "fullPrecision: " + fullPrecision + ", expected the shape of " + rows);
    }
    FloatMatrix errors = FloatMatrix.zeros(rows.rows(), rows.columns());
    for (int i = 0; i < errors.data().length; i++) {
      errors.data()[i] = fullPrecision.data()[i] - rows.data()[i];
    }
    float[] ones = new float[rows.rows()];
    Arrays.fill(ones, 1);
    CrossMoment moment = CrossMoment.empty(rows.columns(), rows.columns());
    moment.add(errors, rows, ones, compute);
    return observe(rows, compute)
        .withUpstreamError(new UpstreamError(moment, Optional.empty(), Optional.empty()));
  }

  /**
   * The same input with statistics.
   *
   * @param known of the input
   * @return the changed input
   */
  public LayerInput withStatistics(InputStatistics known) {
    return new LayerInput(known, sample, heldOut, producer, ties, upstreamError);
  }

  /**
   * The same input with some of its rows, for what ranges and second moments cannot tell: the error
   * of quantized activations, and ranges after a rotation.
   *
   * @param rows of the input, {@code [tokens, in]}
   * @return the changed input
   */
  public LayerInput withSample(FloatMatrix rows) {
    return new LayerInput(statistics, rows, heldOut, producer, ties, upstreamError);
  }

  /**
   * The same input with rows that neither statistics nor sample have seen, on which the result is
   * judged.
   *
   * @param rows of the input, {@code [tokens, in]}
   * @return the changed input
   */
  public LayerInput withHeldOut(FloatMatrix rows) {
    return new LayerInput(statistics, sample, rows, producer, ties, upstreamError);
  }

  /**
   * The same input with the layer that computes it, for cross-layer equalization.
   *
   * @param weights of that layer, {@code [in, n]}
   * @return the changed input
   */
  public LayerInput withProducer(FloatMatrix weights) {
    return new LayerInput(statistics, sample, heldOut, weights, ties, upstreamError);
  }

  /**
   * The same input with channels that must be transformed alike.
   *
   * @param numbers channels with the same number are tied, see {@link
   *     io.github.quant4j.transform.HeadStructure#sources()}
   * @return the changed input
   */
  public LayerInput withTies(int[] numbers) {
    return new LayerInput(statistics, sample, heldOut, producer, numbers.clone(), upstreamError);
  }

  /**
   * The same input with what quantization of the layers before has done to it, for recipes that
   * make up for that.
   *
   * @param error of the same tokens as the statistics; its moment of the residual stream is for a
   *     layer alone whose output is added to the stream
   * @return the changed input
   */
  public LayerInput withUpstreamError(UpstreamError error) {
    return new LayerInput(statistics, sample, heldOut, producer, ties, error);
  }

  /**
   * The statistics.
   *
   * @return empty if they are not known
   */
  public Optional<InputStatistics> statistics() {
    return Optional.ofNullable(statistics);
  }

  /**
   * The sample.
   *
   * @return empty if there is none
   */
  public Optional<FloatMatrix> sample() {
    return Optional.ofNullable(sample);
  }

  /**
   * The rows that were held out.
   *
   * @return empty if there are none
   */
  public Optional<FloatMatrix> heldOut() {
    return Optional.ofNullable(heldOut);
  }

  /**
   * The producing layer.
   *
   * @return empty if it is not known
   */
  public Optional<FloatMatrix> producer() {
    return Optional.ofNullable(producer);
  }

  /**
   * The tied channels.
   *
   * @return a copy, or empty if all are free
   */
  public Optional<int[]> ties() {
    return Optional.ofNullable(ties).map(int[]::clone);
  }

  /**
   * What quantization of the layers before has done.
   *
   * @return empty if it is not known
   */
  public Optional<UpstreamError> upstreamError() {
    return Optional.ofNullable(upstreamError);
  }

  /**
   * What of a recipe's needs is not there.
   *
   * @param needs of the recipe
   * @return those that are missing
   */
  public Set<StatisticNeed> missing(Set<StatisticNeed> needs) {
    Set<StatisticNeed> missing = EnumSet.noneOf(StatisticNeed.class);
    for (StatisticNeed need : needs) {
      boolean known =
          switch (need) {
            case CHANNELS -> statistics != null;
            case GRAM -> statistics != null && statistics.gram().isPresent();
            case QUANTILES -> statistics != null && statistics.quantiles().isPresent();
            case SAMPLE -> sample != null;
            case CROSS_MOMENT -> upstreamError != null;
            case RESIDUAL_MOMENT -> upstreamError != null && upstreamError.residual().isPresent();
          };
      if (!known) {
        missing.add(need);
      }
    }
    return missing;
  }
}
