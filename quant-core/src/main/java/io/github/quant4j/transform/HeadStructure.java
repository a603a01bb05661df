// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * How an attention layer's value heads feed its output projection: with grouped queries one value
 * head is read by several query heads, so a transform that is folded into the value projection acts
 * on all of them alike.
 *
 * <p>The output projection has {@code queryHeads * headSize} inputs, the value projection {@code
 * keyValueHeads * headSize} outputs; query head {@code h} reads value head {@code h / (queryHeads /
 * keyValueHeads)}.
 *
 * @param queryHeads heads of the queries, a multiple of the value heads
 * @param keyValueHeads heads of the values, at least 1
 * @param headSize channels of a head, at least 1
 */
public record HeadStructure(int queryHeads, int keyValueHeads, int headSize) {

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if one is less than 1, or the query heads are no multiple of
   *     the value heads
   */
  public HeadStructure {
    if (keyValueHeads < 1 || headSize < 1 || queryHeads < 1 || queryHeads % keyValueHeads != 0) {
      throw new IllegalArgumentException(
          "heads: "
              + queryHeads
              + " of queries, "
              + keyValueHeads
              + " of values, size "
              + headSize
              + ", expected a multiple and sizes of at least 1");
    }
  }

  /**
   * Inputs of the output projection.
   *
   * @return {@code queryHeads * headSize}
   */
  public int outputSize() {
    return queryHeads * headSize;
  }

  /**
   * Outputs of the value projection.
   *
   * @return {@code keyValueHeads * headSize}
   */
  public int valueSize() {
    return keyValueHeads * headSize;
  }

  /**
   * The value channel that an input of the output projection comes from.
   *
   * @param channel from 0 to {@code outputSize() - 1}
   * @return from 0 to {@code valueSize() - 1}
   */
  public int source(int channel) {
    return channel / headSize / (queryHeads / keyValueHeads) * headSize + channel % headSize;
  }

  /**
   * For each input of the output projection the value channel that it comes from: channels with the
   * same number must be transformed alike.
   *
   * @return a fresh array of {@code outputSize()} numbers
   */
  public int[] sources() {
    int[] sources = new int[outputSize()];
    for (int i = 0; i < sources.length; i++) {
      sources[i] = source(i);
    }
    return sources;
  }

  /**
   * A rotation of every head by itself (QuaRot's R2), without random signs, which would differ
   * among query heads.
   *
   * @return the transform of the output projection's input
   * @throws IllegalArgumentException if there is no Hadamard matrix of a head's size
   */
  public HadamardTransform headRotation() {
    return HadamardTransform.of(outputSize(), headSize, HadamardTransform.NO_SIGNS);
  }

  /**
   * The transform of the value projection's output that has the effect of a given transform of the
   * output projection's input. Attention mixes tokens, not channels of a head, so such a transform
   * passes through it.
   *
   * @param transform a diagonal that is equal over tied channels, a {@link #headRotation()}, or a
   *     chain of such
   * @return a transform of {@code valueSize()} channels, to be folded into the value projection
   * @throws IllegalArgumentException if the transform cannot pass through the attention
   */
  public InputTransform throughAttention(InputTransform transform) {
    if (transform.size() != outputSize()) {
      throw new IllegalArgumentException(
          "transform: size " + transform.size() + ", expected " + outputSize() + " for " + this);
    }
    return switch (transform) {
      case DiagonalTransform diagonal -> DiagonalTransform.of(untied(diagonal.scales()));
      case HadamardTransform rotation
          when rotation.block() == headSize && rotation.seed() == HadamardTransform.NO_SIGNS -> {
        HadamardTransform narrow =
            HadamardTransform.of(valueSize(), headSize, HadamardTransform.NO_SIGNS);
        yield rotation.isInverted() ? narrow.inverse() : narrow;
      }
      case TransformChain chain when chain.steps().isEmpty() ->
          TransformChain.identity(valueSize());
      case TransformChain chain ->
          TransformChain.of(chain.steps().stream().map(this::throughAttention).toList());
      default ->
          throw new IllegalArgumentException(
              "transform: "
                  + transform.describe()
                  + " does not pass through the attention; expected a diagonal that is equal over"
                  + " tied heads, or a rotation of each head without signs");
    };
  }

  private float[] untied(float[] scales) {
    float[] values = new float[valueSize()];
    for (int i = 0; i < scales.length; i++) {
      int source = source(i);
      if (values[source] != 0 && values[source] != scales[i]) {
        throw new IllegalArgumentException(
            "scales: channel "
                + i
                + " has "
                + scales[i]
                + ", another query head of the same value channel has "
                + values[source]
                + ", expected equal ones");
      }
      values[source] = scales[i];
    }
    return values;
  }

  /**
   * Folds a transform of the output projection's input into the value projection.
   *
   * @param transform as in {@link #throughAttention}
   * @param valueProjection its weights, {@code [valueSize(), n]}; not changed
   * @param compute the linear algebra and the threads
   * @return the changed weights
   * @throws IllegalArgumentException if the transform cannot pass through, or the shape differs
   */
  public FloatMatrix foldIntoValues(
      InputTransform transform, FloatMatrix valueProjection, Compute compute) {
    return throughAttention(transform).foldIntoRows(valueProjection, compute);
  }
}
