// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import io.github.quant4j.linear.QuantizedLinear;
import java.util.List;

/**
 * The bit operations of linear layers for one token, in two forms that are in use.
 *
 * @param product multiply-adds times the width of weights times the width of activations (HAWQ, Yao
 *     et al., arXiv:2011.10680)
 * @param withAdders {@code macs (bw ba + bw + ba + log2 n)} with {@code n} inputs, which counts the
 *     adders and the width of the sum too (UNIQ, Baskin et al., arXiv:1804.10969)
 */
public record BitOperations(double product, double withAdders) {
  /** The width of what is not quantized. */
  public static final int FULL_BITS = 16;

  /** Nothing. */
  public static final BitOperations NONE = new BitOperations(0, 0);

  /**
   * The operations of a matrix.
   *
   * @param outFeatures outputs
   * @param inFeatures inputs
   * @param weightBits effective width of the weights
   * @param activationBits width of the activations, {@link #FULL_BITS} where not quantized
   * @return the operations for one token
   * @throws IllegalArgumentException if a number is not positive
   */
  public static BitOperations of(
      int outFeatures, int inFeatures, double weightBits, double activationBits) {
    if (outFeatures < 1 || inFeatures < 1 || !(weightBits > 0) || !(activationBits > 0)) {
      throw new IllegalArgumentException(
          "matrix ["
              + outFeatures
              + ", "
              + inFeatures
              + "] of "
              + weightBits
              + " by "
              + activationBits
              + " bits, expected positive numbers");
    }
    double macs = (double) outFeatures * inFeatures;
    double product = weightBits * activationBits;
    double sumBits = Math.log(inFeatures) / Math.log(2);
    return new BitOperations(
        macs * product, macs * (product + weightBits + activationBits + sumBits));
  }

  /**
   * The operations of a layer, see {@link LayerProducts}: its terms at their effective width, and a
   * transform that runs with the model at full width. Low-rank and sparse terms read the input at
   * full width, also where the other terms read it quantized.
   *
   * @param linear the layer
   * @return the operations for one token
   */
  public static BitOperations of(QuantizedLinear linear) {
    return of(LayerProducts.of("layer", ProductRole.LAYER, linear, 1), CountingPolicy.ALL);
  }

  /**
   * The operations of a pass.
   *
   * @param products what is multiplied
   * @param policy which of them count
   * @return the operations in both forms
   */
  public static BitOperations of(List<MatrixProduct> products, CountingPolicy policy) {
    return new BitOperations(
        BitOperationForm.PRODUCT.cost(products, policy),
        BitOperationForm.WITH_ADDERS.cost(products, policy));
  }

  /**
   * The operations of both.
   *
   * @param other more operations
   * @return the sum
   */
  public BitOperations plus(BitOperations other) {
    return new BitOperations(product + other.product, withAdders + other.withAdders);
  }
}
