// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Set;

/**
 * An invertible map of a linear layer's input, {@code x' = T(x)}, with the weights and the bias
 * that make up for it: {@code T(x) W'^T + b' = x W^T + b}.
 *
 * <p>Written for row vectors the map is {@code x' = x M + c}. Then {@code W' = W M^-T} and {@code
 * b' = b - W' c}. The second moment of the input changes to {@code M^T H M} (for {@code c = 0}), so
 * that a chain of transforms needs no second calibration pass; only minima and maxima are lost when
 * channels are mixed.
 *
 * <p>Instances are immutable and thread-safe.
 */
public sealed interface InputTransform
    permits DiagonalTransform,
        ShiftTransform,
        PermutationTransform,
        HadamardTransform,
        OrthogonalTransform,
        KroneckerTransform,
        DenseTransform,
        TransformChain {

  /**
   * The input features.
   *
   * @return length of the vectors that the map takes and gives
   */
  int size();

  /**
   * Transforms a batch: what a running model does when the transform is not folded.
   *
   * <p>Cost: {@link #operationsPerToken()} multiply-adds for each token.
   *
   * @param x the inputs, row-major {@code [tokens, size()]}
   * @param xOffset position of the first element
   * @param tokens how many rows
   * @param y receives the transformed inputs; must not overlap {@code x}
   * @param yOffset position of the first element
   * @param compute the linear algebra, and the threads, on which the result does not depend
   * @throws IndexOutOfBoundsException if an array is too short
   */
  void apply(float[] x, int xOffset, int tokens, float[] y, int yOffset, Compute compute);

  /**
   * Transforms a batch.
   *
   * @param inputs the inputs, {@code [tokens, size()]}
   * @param compute the linear algebra, and the threads, on which the result does not depend
   * @return the transformed inputs, a new matrix of the same shape
   * @throws IllegalArgumentException if the inputs have another width
   */
  default FloatMatrix apply(FloatMatrix inputs, Compute compute) {
    requireColumns("inputs", inputs);
    FloatMatrix result = FloatMatrix.zeros(inputs.rows(), inputs.columns());
    apply(inputs.data(), 0, inputs.rows(), result.data(), 0, compute);
    return result;
  }

  /**
   * The map that undoes this one.
   *
   * @return the inverse
   */
  InputTransform inverse();

  /**
   * The map {@code x M} without the constant {@code c}.
   *
   * @return the linear part
   */
  InputTransform linearPart();

  /**
   * The linear map {@code x M^-T}, which takes the rows of the weights to those of the new weights.
   *
   * @return the contragredient map; this one if the map is orthogonal
   */
  InputTransform contragredient();

  /**
   * The constant that is added, {@code c = T(0)}.
   *
   * @param compute the linear algebra and the threads
   * @return a copy of {@code size()} values
   */
  default float[] constant(Compute compute) {
    return apply(FloatMatrix.zeros(1, size()), compute).data();
  }

  /**
   * Whether a constant is added, so that the layer's bias changes.
   *
   * @return true for shifts, and for chains with a shift
   */
  boolean hasConstant();

  /**
   * The weights that go with the transformed input.
   *
   * @param weights the weights, {@code [out, size()]}; not changed
   * @param compute the linear algebra and the threads
   * @return {@code W M^-T}, a new matrix
   * @throws IllegalArgumentException if the weights have another width
   */
  default FloatMatrix transformWeights(FloatMatrix weights, Compute compute) {
    requireColumns("weights", weights);
    return contragredient().apply(weights, compute);
  }

  /**
   * What must be added to the layer's bias: {@code -W' c}.
   *
   * @param weights the weights before the transform, {@code [out, size()]}
   * @param compute the linear algebra and the threads
   * @return one value for each output; all 0 if there is no constant
   * @throws IllegalArgumentException if the weights have another width
   */
  default float[] biasCorrection(FloatMatrix weights, Compute compute) {
    requireColumns("weights", weights);
    float[] correction = new float[weights.rows()];
    if (!hasConstant()) {
      return correction;
    }
    // The input that T takes to 0 is what the correction has to reproduce: b' = b + W T^-1(0).
    float[] origin = inverse().constant(compute);
    for (int row = 0; row < weights.rows(); row++) {
      double sum = 0;
      for (int i = 0; i < origin.length; i++) {
        sum += (double) weights.data()[row * origin.length + i] * origin[i];
      }
      correction[row] = (float) sum;
    }
    return correction;
  }

  /**
   * Whether channels keep to themselves, so that their minima and maxima are known after the
   * transform.
   *
   * @return true for diagonal maps, shifts and permutations; false for what mixes channels
   */
  boolean keepsChannels();

  /**
   * Whether lengths and angles are kept.
   *
   * @return true if the map is linear with {@code M M^T = I}
   */
  boolean isOrthogonal();

  /**
   * The cost of transforming a token when the model runs.
   *
   * @return multiply-adds, additions counted as such; 0 for moves
   */
  long operationsPerToken();

  /**
   * Where the transform can be folded.
   *
   * @return the places where folding leaves the model's output as it is
   */
  Set<FoldPlace> foldPlaces();

  /**
   * Folds the linear part into the layer that computes the input.
   *
   * @param producer the weights of that layer, {@code [size(), n]}; not changed
   * @param compute the linear algebra and the threads
   * @return {@code M^T P}, whose output is the transformed input, up to the constant
   * @throws IllegalArgumentException if the producer has another number of rows
   */
  default FloatMatrix foldIntoRows(FloatMatrix producer, Compute compute) {
    if (producer.rows() != size()) {
      throw new IllegalArgumentException(
          "producer: " + producer + ", expected " + size() + " rows for a transform of that size");
    }
    return linearPart().apply(producer.transpose(), compute).transpose();
  }

  /**
   * Folds the transform into the bias of the layer, or of the normalisation, that computes the
   * input.
   *
   * @param bias its values, {@code size()} of them; zeros if there was none
   * @param compute the linear algebra and the threads
   * @return the transformed bias, {@code T(b)}
   * @throws IllegalArgumentException if the bias has another length
   */
  default float[] foldIntoBias(float[] bias, Compute compute) {
    if (bias.length != size()) {
      throw new IllegalArgumentException(
          "bias: " + bias.length + " values, expected " + size() + " for a transform of that size");
    }
    return apply(FloatMatrix.wrap(1, bias.length, bias), compute).data();
  }

  /**
   * Folds the linear part into the weight vector of a normalisation.
   *
   * @param normWeight its values, {@code size()} of them; not changed
   * @param compute the linear algebra and the threads
   * @return the changed vector
   * @throws IllegalArgumentException if the linear part is not diagonal, so that no vector can
   *     stand for it, or the length differs
   */
  default float[] foldIntoVector(float[] normWeight, Compute compute) {
    if (normWeight.length != size()) {
      throw new IllegalArgumentException(
          "normWeight: "
              + normWeight.length
              + " values, expected "
              + size()
              + " for a transform of that size");
    }
    if (!foldPlaces().contains(FoldPlace.NORM_WEIGHT)) {
      throw new IllegalArgumentException(
          "normWeight: " + describe() + " does not fold into a vector, only into " + foldPlaces());
    }
    return linearPart().apply(FloatMatrix.wrap(1, normWeight.length, normWeight), compute).data();
  }

  /**
   * What the transform is.
   *
   * @return a few words for reports
   */
  String describe();

  private void requireColumns(String name, FloatMatrix matrix) {
    if (matrix.columns() != size()) {
      throw new IllegalArgumentException(
          name + ": " + matrix + ", expected " + size() + " columns for a transform of that size");
    }
  }
}
