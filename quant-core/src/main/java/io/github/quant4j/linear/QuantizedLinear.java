// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.linear;

import io.github.quant4j.activation.ActivationGranularity;
import io.github.quant4j.activation.ActivationQuantizer;
import io.github.quant4j.annotation.Stable;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.StoredTransforms;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A linear layer {@code y = x W^T + b} with {@code W} a sum of terms: what a quantizer makes of a
 * layer, what a checkpoint stores for it, and what a kernel is built from.
 *
 * <p>The input is transformed first if there is a {@link #transform()}. The input of {@link
 * QuantizedTerm quantized} and {@link DenseTerm dense} terms is then quantized if there is an
 * {@link #activations() activation quantizer}; sparse and low-rank terms read it as it is. Get a
 * kernel from {@link io.github.quant4j.kernel.Kernels#forLinear}. Instances are immutable and
 * thread-safe.
 */
@Stable
public final class QuantizedLinear {
  private final List<WeightTerm> terms;
  private final float @Nullable [] bias;
  private final @Nullable ActivationQuantizer activations;
  private final @Nullable InputTransform transform;

  private QuantizedLinear(
      List<WeightTerm> terms,
      float @Nullable [] bias,
      @Nullable ActivationQuantizer activations,
      @Nullable InputTransform transform) {
    this.terms = terms;
    this.bias = bias;
    this.activations = activations;
    this.transform = transform;
  }

  /**
   * A layer of several terms.
   *
   * @param terms the addends of the weights, at least one, all {@code [out, in]}
   * @return the layer, without a bias and with float activations
   * @throws IllegalArgumentException if there is no term or their shapes differ
   */
  public static QuantizedLinear of(List<? extends WeightTerm> terms) {
    if (terms.isEmpty()) {
      throw new IllegalArgumentException("terms: none, expected at least one");
    }
    WeightTerm first = terms.getFirst();
    for (WeightTerm term : terms) {
      if (term.rows() != first.rows() || term.columns() != first.columns()) {
        throw new IllegalArgumentException(
            "terms: ["
                + term.rows()
                + ", "
                + term.columns()
                + "] ("
                + term.describe()
                + "), expected ["
                + first.rows()
                + ", "
                + first.columns()
                + "] as the first one");
      }
    }
    return new QuantizedLinear(List.copyOf(terms), null, null, null);
  }

  /**
   * A layer of one quantized matrix.
   *
   * @param weights the weights, {@code [out, in]}
   * @return the layer, without a bias and with float activations
   */
  public static QuantizedLinear of(QuantizedMatrix weights) {
    return of(List.of(WeightTerm.of(weights)));
  }

  /**
   * A layer in full precision.
   *
   * @param weights the weights, {@code [out, in]}; shared, not to be changed afterwards
   * @param stored the type that they are stored as, which only sizes depend on
   * @return the layer, without a bias and with float activations
   * @throws IllegalArgumentException if the type is not a floating-point type
   */
  public static QuantizedLinear of(FloatMatrix weights, DType stored) {
    return of(List.of(new DenseTerm(weights, stored)));
  }

  /**
   * The same layer with a bias.
   *
   * @param values one for each output feature; copied
   * @return the changed layer
   * @throws IllegalArgumentException if their number is not that of the output features
   */
  public QuantizedLinear withBias(float[] values) {
    if (values.length != outFeatures()) {
      throw new IllegalArgumentException(
          "bias: "
              + values.length
              + " values, expected "
              + outFeatures()
              + " for weights ["
              + outFeatures()
              + ", "
              + inFeatures()
              + "]");
    }
    return new QuantizedLinear(terms, values.clone(), activations, transform);
  }

  /**
   * The same layer without a bias.
   *
   * @return the changed layer
   */
  public QuantizedLinear withoutBias() {
    return new QuantizedLinear(terms, null, activations, transform);
  }

  /**
   * The same layer with a quantized input.
   *
   * @param quantizer how the input is quantized
   * @return the changed layer
   * @throws IllegalArgumentException if the quantizer does not fit the input features
   */
  public QuantizedLinear withActivations(ActivationQuantizer quantizer) {
    terms.forEach(term -> requireSuits(quantizer, term));
    return new QuantizedLinear(terms, bias, quantizer, transform);
  }

  private static void requireSuits(ActivationQuantizer quantizer, WeightTerm term) {
    switch (term) {
      case QuantizedTerm _, DenseTerm _, PairTerm _, TrellisTerm _, VectorTerm _, BlockTerm _ ->
          quantizer.runLength(term.columns());
      case ColumnTerm columns -> {
        if (columns.hasQuantizedInput()) {
          if (quantizer.scheme().granularity() instanceof ActivationGranularity.PerChannel) {
            throw new IllegalArgumentException(
                "activations: "
                    + quantizer.scheme()
                    + " has a scale for each input, but the weights read them in another order");
          }
          quantizer.runLength(columns.inner().columns());
        }
      }
      case MixedTerm mixed -> mixed.parts().forEach(part -> requireSuits(quantizer, part));
      case SparseTerm _, LowRankTerm _ -> {
        // Their input is not quantized.
      }
    }
  }

  /**
   * The same layer with a transform of its input that runs with the model. Terms, bias and
   * activation quantizer then belong to the transformed input.
   *
   * @param map applied to the input before anything else
   * @return the changed layer
   * @throws IllegalArgumentException if the transform has another size
   */
  public QuantizedLinear withTransform(InputTransform map) {
    if (map.size() != inFeatures()) {
      throw new IllegalArgumentException(
          "transform: "
              + map.describe()
              + " has size "
              + map.size()
              + ", expected "
              + inFeatures()
              + " inputs");
    }
    return new QuantizedLinear(terms, bias, activations, map);
  }

  /**
   * The same layer for an input that is transformed already, because the transform was folded into
   * what computes it.
   *
   * @return the changed layer
   */
  public QuantizedLinear withoutTransform() {
    return new QuantizedLinear(terms, bias, activations, null);
  }

  /**
   * The same layer with an input in full precision.
   *
   * @return the changed layer
   */
  public QuantizedLinear withoutActivations() {
    return new QuantizedLinear(terms, bias, null, transform);
  }

  /**
   * The transform of the input that runs with the model.
   *
   * @return the transform, or empty if the input is taken as it is
   */
  public Optional<InputTransform> transform() {
    return Optional.ofNullable(transform);
  }

  /**
   * The width of the input.
   *
   * @return {@code in}
   */
  public int inFeatures() {
    return terms.getFirst().columns();
  }

  /**
   * The width of the output.
   *
   * @return {@code out}
   */
  public int outFeatures() {
    return terms.getFirst().rows();
  }

  /**
   * The addends of the weights.
   *
   * @return at least one, all {@code [out, in]}
   */
  public List<WeightTerm> terms() {
    return terms;
  }

  /**
   * The bias.
   *
   * @return a copy of its {@code out} values, or empty if there is none
   */
  public Optional<float[]> bias() {
    return Optional.ofNullable(bias).map(float[]::clone);
  }

  /**
   * How the input is quantized.
   *
   * @return the quantizer, or empty for float activations
   */
  public Optional<ActivationQuantizer> activations() {
    return Optional.ofNullable(activations);
  }

  /**
   * The weights that the terms stand for; if there is a {@link #transform()}, those of the
   * transformed input.
   *
   * <p>Cost: {@code out in} additions for each term.
   *
   * @return a copy in floats, {@code [out, in]}
   * @throws IllegalArgumentException if it has more elements than an array can hold
   */
  public FloatMatrix toDense() {
    FloatMatrix dense = FloatMatrix.zeros(outFeatures(), inFeatures());
    for (WeightTerm term : terms) {
      for (int row = 0; row < outFeatures(); row++) {
        term.addRow(row, dense.data(), row * inFeatures());
      }
    }
    return dense;
  }

  /**
   * The size of all terms and of the transform; a bias is not counted.
   *
   * @return bits
   */
  public long storageBits() {
    long bits = terms.stream().mapToLong(WeightTerm::storageBits).sum();
    return transform == null ? bits : bits + StoredTransforms.storageBits(transform);
  }

  /**
   * The effective width.
   *
   * @return {@link #storageBits()} by the number of weights
   */
  public double bitsPerWeight() {
    return (double) storageBits() / ((double) outFeatures() * inFeatures());
  }

  /** Shape, terms and activations, for example {@code [256, 768] int4:g64:sym @ int8:token:sym}. */
  @Override
  public String toString() {
    return "["
        + outFeatures()
        + ", "
        + inFeatures()
        + "] "
        + terms.stream().map(WeightTerm::describe).collect(Collectors.joining(" + "))
        + (activations == null ? "" : " @ " + activations.scheme())
        + (transform == null ? "" : " after " + transform.describe());
  }
}
