// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.metric;

import io.github.quant4j.block.CodedBlocks;
import io.github.quant4j.linear.BlockTerm;
import io.github.quant4j.linear.ColumnTerm;
import io.github.quant4j.linear.DenseTerm;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.MixedTerm;
import io.github.quant4j.linear.PairTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.SparseTerm;
import io.github.quant4j.linear.TrellisTerm;
import io.github.quant4j.linear.VectorTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.StoredTransforms;
import java.util.ArrayList;
import java.util.List;

/**
 * The products of a quantized layer: one for each term, two for a low-rank one, and one for a
 * transform that runs with the model. Weights count at the effective width of their term. Sparse
 * and low-rank terms and transforms read the input as it is, at full width. Trellis-coded weights
 * are sums of planes of signs, so that each of them counts as that many products with one bit.
 */
public final class LayerProducts {
  private final String name;
  private final ProductRole role;
  private final double tokens;
  private final Operand activations;
  private final List<MatrixProduct> products = new ArrayList<>();

  private LayerProducts(String name, ProductRole role, long tokens, Operand activations) {
    this.name = name;
    this.role = role;
    this.tokens = tokens;
    this.activations = activations;
  }

  /**
   * The products of a layer.
   *
   * @param name the layer
   * @param role where in the network it is
   * @param linear its terms, activations and transform
   * @param tokens rows of the input, at least 1
   * @return one or more; none for a layer whose terms are empty
   * @throws IllegalArgumentException if there are no tokens
   */
  public static List<MatrixProduct> of(
      String name, ProductRole role, QuantizedLinear linear, long tokens) {
    if (tokens < 1) {
      throw new IllegalArgumentException("tokens: " + tokens + ", expected at least 1");
    }
    Operand activations =
        linear
            .activations()
            .map(quantizer -> Operand.of(quantizer.scheme().format()))
            .orElse(Operand.FULL);
    LayerProducts layer = new LayerProducts(name, role, tokens, activations);
    linear.transform().ifPresent(layer::add);
    linear.terms().forEach(layer::add);
    return layer.withTraffic(linear);
  }

  private void add(InputTransform transform) {
    add(
        "transform",
        (double) transform.operationsPerToken(),
        1,
        Operand.FULL,
        Operand.FULL,
        (double) StoredTransforms.storageBits(transform));
  }

  private void add(WeightTerm term) {
    double rows = term.rows();
    double columns = term.columns();
    double bits = term.storageBits();
    switch (term) {
      case QuantizedTerm quantized ->
          add(
              "weights",
              rows * columns,
              columns,
              Operand.of(quantized.matrix().scheme().format()).withBits(bits / (rows * columns)),
              activations,
              bits);
      case PairTerm pairs ->
          add(
              "weights",
              rows * columns,
              columns,
              factor(pairs).withBits(bits / (rows * columns)),
              activations,
              bits);
      case DenseTerm dense ->
          add("weights", rows * columns, columns, Operand.of(dense.stored()), activations, bits);
      case ColumnTerm some -> {
        double count = some.inner().columns();
        if (count > 0) {
          add(
              "columns",
              rows * count,
              count,
              factor(some.inner()).withBits(bits / (rows * count)),
              some.hasQuantizedInput() ? activations : Operand.FULL,
              bits);
        }
      }
      case SparseTerm sparse -> {
        double count = sparse.matrix().count();
        if (count > 0) {
          add(
              "sparse",
              count,
              Math.max(1, count / rows),
              Operand.FULL.withBits(bits / count),
              Operand.FULL,
              bits);
        }
      }
      case MixedTerm mixed -> addParts(mixed);
      case TrellisTerm(var matrix) ->
          add(
              "weights",
              rows * columns * matrix.code().planes().size(),
              columns * matrix.code().planes().size(),
              Operand.integer(1),
              activations,
              bits);
      case VectorTerm vectors ->
          add(
              "weights",
              rows * columns,
              columns,
              factor(vectors).withBits(bits / (rows * columns)),
              activations,
              bits);
      case BlockTerm blocks ->
          add(
              "weights",
              rows * columns,
              columns,
              factor(blocks).withBits(bits / (rows * columns)),
              activations,
              bits);
      case LowRankTerm product -> {
        addFactor("lowrank.right", product.right());
        addFactor("lowrank.left", product.left());
      }
    }
  }

  /** Each part at its own width; the map that says where lines lie is read with the first. */
  private void addParts(MixedTerm mixed) {
    long inParts = mixed.parts().stream().mapToLong(WeightTerm::storageBits).sum();
    double map = mixed.storageBits() - inParts;
    for (WeightTerm part : mixed.parts()) {
      double count = (double) part.rows() * part.columns();
      if (count > 0) {
        double bits = part.storageBits() + map;
        map = 0;
        add(
            "weights",
            count,
            part.columns(),
            factor(part).withBits(bits / count),
            activations,
            bits);
      }
    }
  }

  private void addFactor(String term, WeightTerm factor) {
    double count = (double) factor.rows() * factor.columns();
    add(
        term,
        count,
        factor.columns(),
        factor(factor).withBits(factor.storageBits() / count),
        Operand.FULL,
        (double) factor.storageBits());
  }

  private static Operand factor(WeightTerm term) {
    return switch (term) {
      case QuantizedTerm quantized -> Operand.of(quantized.matrix().scheme().format());
      case PairTerm pairs -> Operand.of(pairs.scheme().format());
      case DenseTerm dense -> Operand.of(dense.stored());
      case TrellisTerm(var matrix) ->
          Operand.integer(
              Integer.SIZE - Integer.numberOfLeadingZeros(matrix.code().largestMagnitude()) + 1);
      case BlockTerm(var matrix) ->
          matrix.format().coded().map(LayerProducts::levels).orElse(Operand.FULL);
      case ColumnTerm _, SparseTerm _, LowRankTerm _, MixedTerm _, VectorTerm _ -> Operand.FULL;
    };
  }

  /** The narrowest integer that holds all levels. */
  private static Operand levels(CodedBlocks blocks) {
    int bits = 1;
    for (byte level : blocks.levels()) {
      int magnitude = level < 0 ? -level - 1 : level;
      bits = Math.max(bits, Integer.SIZE - Integer.numberOfLeadingZeros(magnitude) + 1);
    }
    return Operand.integer(bits);
  }

  private void add(
      String term,
      double multiplyAdds,
      double fanIn,
      Operand weights,
      Operand inputs,
      double storedBits) {
    products.add(
        new MatrixProduct(
            name + "." + term,
            role,
            tokens * multiplyAdds,
            fanIn,
            weights,
            inputs,
            storedBits,
            0,
            0));
  }

  /** The input is read once for all terms, and the output written once. */
  private List<MatrixProduct> withTraffic(QuantizedLinear linear) {
    if (products.isEmpty()) {
      return List.of();
    }
    MatrixProduct first = products.getFirst();
    products.set(
        0,
        new MatrixProduct(
            first.name(),
            role,
            first.multiplyAdds(),
            first.fanIn(),
            first.stationary(),
            first.moving(),
            first.storedBits(),
            tokens * linear.inFeatures() * activations.bits(),
            tokens * linear.outFeatures() * Operand.FULL.bits()));
    return List.copyOf(products);
  }
}
