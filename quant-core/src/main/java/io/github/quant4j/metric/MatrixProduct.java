// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import java.util.List;

/**
 * One product of a network in one pass, as cost models see it: a number of multiplications of
 * operands of two kinds, and what they move between memory and processor. Linear layers,
 * convolutions and attention all come down to it, and so do low-rank and sparse terms and
 * transforms that run with the model.
 *
 * @param name the layer, with the term if it has several
 * @param role where in the network it is
 * @param multiplyAdds how many multiplications, each followed by an addition
 * @param fanIn how many products are added up to one output
 * @param stationary the operand that stays from pass to pass: weights, or cached keys and values
 * @param moving the other operand: activations
 * @param storedBits the size of the stationary operand, which a pass reads once, in bits
 * @param readBits activations that are read, in bits
 * @param writtenBits activations and cache entries that are written, in bits
 */
public record MatrixProduct(
    String name,
    ProductRole role,
    double multiplyAdds,
    double fanIn,
    Operand stationary,
    Operand moving,
    double storedBits,
    double readBits,
    double writtenBits) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is negative or not finite
   */
  public MatrixProduct {
    for (double value : List.of(multiplyAdds, fanIn, storedBits, readBits, writtenBits)) {
      if (!(value >= 0 && value <= Double.MAX_VALUE)) {
        throw new IllegalArgumentException(
            "product '" + name + "': " + value + ", expected a finite number of at least 0");
      }
    }
  }

  /**
   * A layer of plain weights.
   *
   * @param name the layer
   * @param role where in the network it is
   * @param shape a linear layer or a convolution
   * @param weights its weights, at their effective width
   * @param activations its input
   * @return the product; its output is written at full width
   * @throws IllegalArgumentException if the shape is that of attention, see {@link #ofAttention}
   */
  public static MatrixProduct ofLayer(
      String name, ProductRole role, LayerShape shape, Operand weights, Operand activations) {
    double stored;
    double inputs;
    double outputs;
    switch (shape) {
      case LayerShape.Linear linear -> {
        stored = (double) linear.outFeatures() * linear.inFeatures();
        inputs = (double) linear.inFeatures() * linear.tokens();
        outputs = (double) linear.outFeatures() * linear.tokens();
      }
      case LayerShape.Convolution convolution -> {
        stored = convolution.weights();
        // As many positions as outputs, which a stride changes, but no position twice.
        inputs = (double) convolution.inChannels() * convolution.positions();
        outputs = (double) convolution.outChannels() * convolution.positions();
      }
      case LayerShape.Attention attention ->
          throw new IllegalArgumentException(
              "shape: " + attention + ", expected a linear layer or a convolution");
    }
    return new MatrixProduct(
        name,
        role,
        shape.multiplyAdds(),
        shape.fanIn(),
        weights,
        activations,
        stored * weights.bits(),
        inputs * activations.bits(),
        outputs * Operand.FULL.bits());
  }

  /**
   * The two products within attention. A pass reads keys and values once for all heads that share
   * them, and writes those of its own tokens.
   *
   * @param name the attention
   * @param shape its sizes
   * @param queries how queries and probabilities are represented
   * @param cache how keys and values are
   * @param written tokens whose keys and values are written: those of the pass
   * @return scores, then mixtures of values
   */
  public static List<MatrixProduct> ofAttention(
      String name, LayerShape.Attention shape, Operand queries, Operand cache, long written) {
    double width = (double) shape.keyValueHeads() * shape.headWidth() * cache.bits();
    double rows = (double) shape.heads() * shape.headWidth() * shape.queries();
    return List.of(
        new MatrixProduct(
            name + ".scores",
            ProductRole.ATTENTION,
            shape.multiplyAdds(),
            shape.headWidth(),
            cache,
            queries,
            width * shape.keys(),
            rows * queries.bits(),
            width * written),
        new MatrixProduct(
            name + ".values",
            ProductRole.ATTENTION,
            shape.multiplyAdds(),
            shape.keys(),
            cache,
            queries,
            width * shape.keys(),
            0,
            width * written + rows * Operand.FULL.bits()));
  }

  /**
   * Rows of a table that are looked up.
   *
   * @param name the table
   * @param width columns of the table
   * @param rows how many are looked up
   * @param entries how they are represented
   * @return a product without multiplications
   */
  public static MatrixProduct ofLookup(String name, int width, long rows, Operand entries) {
    double values = (double) width * rows;
    return new MatrixProduct(
        name,
        ProductRole.EMBEDDING,
        0,
        1,
        entries,
        Operand.FULL,
        values * entries.bits(),
        0,
        values * Operand.FULL.bits());
  }
}
