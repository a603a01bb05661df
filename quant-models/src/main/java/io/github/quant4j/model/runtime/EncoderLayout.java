// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.SiteGroup;
import io.github.quant4j.transform.HeadStructure;
import java.util.List;

/** Names, sites and relations of an encoder whose blocks are those of {@link EncoderProgram}. */
public interface EncoderLayout {

  /** The blocks, in the order in which they run. */
  List<BlockLayout> blocks();

  /** What follows the last block, without a site. */
  BlockLayout head();

  /** The norm behind the last block. */
  NormSite finalNorm();

  /** The norms of a block. */
  EncoderProgram.Norms norms(int layer);

  /**
   * A block.
   *
   * @param name its name
   * @param attention query, key, value and output
   * @param mlp the first and the second layer
   */
  static BlockLayout block(
      String name,
      List<LinearSite> attention,
      List<LinearSite> mlp,
      EncoderProgram.Norms norms,
      HeadStructure heads) {
    LinearSite value = attention.get(2);
    return new BlockLayout(
        name,
        List.of(
            new SiteGroup(
                "self_attn.input",
                attention.subList(0, 3),
                new InputOrigin.Normalization(norms.attention())),
            new SiteGroup(
                "self_attn.output",
                List.of(attention.get(3)),
                new InputOrigin.Attention(value, heads)),
            new SiteGroup(
                "mlp.input", List.of(mlp.getFirst()), new InputOrigin.Normalization(norms.mlp())),
            new SiteGroup(
                "mlp.output", List.of(mlp.getLast()), new InputOrigin.Activated(mlp.getFirst()))),
        mlp.getLast().outFeatures());
  }
}
