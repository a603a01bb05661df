// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.cost;

import io.github.quant4j.graph.TokenMixer;
import io.github.quant4j.metric.LayerShape;
import io.github.quant4j.metric.MatrixProduct;
import io.github.quant4j.metric.Operand;
import io.github.quant4j.metric.ProductRole;
import java.util.List;

/** What a pass multiplies where tokens see each other. */
final class MixerProducts {
  private final String name;
  private final Pass pass;
  private final Operand cache;

  /**
   * Of one block.
   *
   * @param name of the part
   * @param cache how keys and values are held
   */
  MixerProducts(String name, Pass pass, Operand cache) {
    this.name = name;
    this.pass = pass;
    this.cache = cache;
  }

  List<MatrixProduct> of(TokenMixer mixer) {
    return switch (mixer) {
      case TokenMixer.Attention attention -> attention(attention);
      case TokenMixer.DeltaRule rule -> delta(rule);
    };
  }

  /** Scores have the width of keys, mixtures that of values. */
  private List<MatrixProduct> attention(TokenMixer.Attention mixer) {
    return List.of(
        attention(mixer, mixer.keyWidth()).getFirst(),
        attention(mixer, mixer.valueWidth()).getLast());
  }

  private List<MatrixProduct> attention(TokenMixer.Attention mixer, int width) {
    return MatrixProduct.ofAttention(
        name,
        new LayerShape.Attention(
            mixer.heads(),
            mixer.keyValueHeads(),
            width,
            pass.tokens(),
            (long) pass.past() + pass.tokens()),
        Operand.FULL,
        cache,
        pass.tokens());
  }

  /**
   * The convolution, what the states know of keys, their change, and what queries read. States are
   * read and written once in a pass, at full width whatever keys and values of attention are held
   * in; the change multiplies each of their elements twice, by the decay and for the outer product.
   */
  private List<MatrixProduct> delta(TokenMixer.DeltaRule rule) {
    double bits = Operand.FULL.bits();
    double tokens = pass.tokens();
    double elements = (double) rule.valueHeads() * rule.keyWidth() * rule.valueWidth();
    double keys = rule.keyHeads() * (double) rule.keyWidth() * tokens * bits;
    double values = rule.valueHeads() * (double) rule.valueWidth() * tokens * bits;
    MatrixProduct convolution =
        MatrixProduct.ofLayer(
            name + ".convolution",
            ProductRole.ATTENTION,
            new LayerShape.Convolution(
                rule.channels(), rule.channels(), 1, rule.kernel(), rule.channels(), pass.tokens()),
            Operand.FULL,
            Operand.FULL);
    return List.of(
        convolution,
        product("recall", elements * tokens, rule.keyWidth(), elements * bits, keys, 0),
        product("change", 2 * elements * tokens, 2, 0, values, elements * bits),
        product("read", elements * tokens, rule.keyWidth(), 0, keys, values));
  }

  private MatrixProduct product(
      String part, double multiplyAdds, double fanIn, double stored, double read, double written) {
    return new MatrixProduct(
        name + "." + part,
        ProductRole.ATTENTION,
        multiplyAdds,
        fanIn,
        Operand.FULL,
        Operand.FULL,
        stored,
        read,
        written);
  }
}
