// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.HeadStructure;
import io.github.quant4j.transform.InputTransform;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The linear layers that read one input, with what is known of that input: what a {@link
 * TransformRule} computes a transform from. A transform is shared by the whole group, because there
 * is only one input.
 *
 * <p>Immutable; matrices and statistics are shared and must not be changed.
 */
public final class LayerGroup {
  private final List<FloatMatrix> weights;
  private final @Nullable InputStatistics statistics;
  private final @Nullable FloatMatrix sample;
  private final @Nullable FloatMatrix producer;
  private final int @Nullable [] ties;
  private final Compute compute;

  private LayerGroup(
      List<FloatMatrix> weights,
      @Nullable InputStatistics statistics,
      @Nullable FloatMatrix sample,
      @Nullable FloatMatrix producer,
      int @Nullable [] ties,
      Compute compute) {
    this.weights = weights;
    this.statistics = statistics;
    this.sample = sample;
    this.producer = producer;
    this.ties = ties;
    this.compute = compute;
  }

  /**
   * A group of which nothing but the weights is known.
   *
   * @param weights the layers' weights, each {@code [out, in]} with one {@code in}; at least one
   * @param compute the linear algebra and the threads
   * @return the group
   * @throws IllegalArgumentException if there is no layer or the widths differ
   */
  public static LayerGroup of(List<FloatMatrix> weights, Compute compute) {
    if (weights.isEmpty()) {
      throw new IllegalArgumentException("weights: no layer, expected at least one");
    }
    for (FloatMatrix matrix : weights) {
      if (matrix.columns() != weights.getFirst().columns()) {
        throw new IllegalArgumentException(
            "weights: " + matrix + " and " + weights.getFirst() + ", expected one input width");
      }
    }
    return new LayerGroup(List.copyOf(weights), null, null, null, null, compute);
  }

  /**
   * The same group with statistics of the input.
   *
   * @param known the statistics
   * @return the changed group
   * @throws IllegalArgumentException if they have another width
   */
  public LayerGroup withStatistics(InputStatistics known) {
    requireWidth("statistics", known.size());
    return new LayerGroup(weights, known, sample, producer, ties, compute);
  }

  /**
   * The same group with some rows of the input.
   *
   * @param rows the rows, {@code [tokens, in]}
   * @return the changed group
   * @throws IllegalArgumentException if they have another width
   */
  public LayerGroup withSample(FloatMatrix rows) {
    requireWidth("sample", rows.columns());
    return new LayerGroup(weights, statistics, rows, producer, ties, compute);
  }

  /**
   * The same group with the layer that computes the input, for cross-layer equalization.
   *
   * @param matrix its weights, {@code [in, n]}
   * @return the changed group
   * @throws IllegalArgumentException if its rows are not the input features
   */
  public LayerGroup withProducer(FloatMatrix matrix) {
    requireWidth("producer", matrix.rows());
    return new LayerGroup(weights, statistics, sample, matrix, ties, compute);
  }

  /**
   * The same group with channels that must be transformed alike, as {@link HeadStructure#sources()}
   * names them.
   *
   * @param numbers channels with the same number are tied
   * @return the changed group
   * @throws IllegalArgumentException if there is not one number for each input feature
   */
  public LayerGroup withTies(int[] numbers) {
    requireWidth("ties", numbers.length);
    return new LayerGroup(weights, statistics, sample, producer, numbers.clone(), compute);
  }

  /**
   * The same group with other weights.
   *
   * @param others as many as there are, each of its shape
   * @return the changed group
   * @throws IllegalArgumentException if there is no layer or the widths differ
   */
  public LayerGroup withWeights(List<FloatMatrix> others) {
    requireWidth("others", of(others, compute).size());
    return new LayerGroup(List.copyOf(others), statistics, sample, producer, ties, compute);
  }

  /**
   * The group after a transform: its weights, statistics and sample are those of the transformed
   * input. The producer is not transformed, and ties are lost if channels are mixed.
   *
   * @param transform the transform
   * @return the group that reads {@code T(x)}
   * @throws IllegalArgumentException if the transform has another size
   */
  public LayerGroup after(InputTransform transform) {
    requireWidth("transform", transform.size());
    return new LayerGroup(
        weights.stream().map(matrix -> transform.transformWeights(matrix, compute)).toList(),
        statistics == null ? null : TransformedStatistics.of(transform, statistics, compute),
        sample == null ? null : transform.apply(sample, compute),
        null,
        transform instanceof DiagonalTransform ? ties : null,
        compute);
  }

  private void requireWidth(String name, int width) {
    if (width != size()) {
      throw new IllegalArgumentException(
          name + ": " + width + " channels, expected " + size() + " as " + weights.getFirst());
    }
  }

  /**
   * The input features.
   *
   * @return columns of all the matrices
   */
  public int size() {
    return weights.getFirst().columns();
  }

  /**
   * The weights.
   *
   * @return at least one matrix
   */
  public List<FloatMatrix> weights() {
    return weights;
  }

  /**
   * The statistics of the input.
   *
   * @return empty if they are not known
   */
  public Optional<InputStatistics> statistics() {
    return Optional.ofNullable(statistics);
  }

  /**
   * Some rows of the input.
   *
   * @return empty if there are none
   */
  public Optional<FloatMatrix> sample() {
    return Optional.ofNullable(sample);
  }

  /**
   * The layer that computes the input.
   *
   * @return empty if it is not known
   */
  public Optional<FloatMatrix> producer() {
    return Optional.ofNullable(producer);
  }

  /**
   * Which channels must be transformed alike.
   *
   * @return a copy, or empty if all are free
   */
  public Optional<int[]> ties() {
    return Optional.ofNullable(ties).map(int[]::clone);
  }

  /**
   * What rules compute with.
   *
   * @return the linear algebra and the threads
   */
  public Compute compute() {
    return compute;
  }
}
