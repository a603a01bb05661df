// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.InputOrigin;
import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.NormSite;
import io.github.quant4j.graph.ResidualStream;
import io.github.quant4j.graph.SiteGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Sites and relations of a decoder. */
final class DecoderLayout {
  private final DecoderConfiguration configuration;
  private final List<BlockLayout> blocks;
  private final BlockLayout head;

  DecoderLayout(DecoderConfiguration configuration) {
    this.configuration = configuration;
    this.blocks = configuration.layerShapes().stream().map(LayerShape::layout).toList();
    HeadShape shape = configuration.headShape();
    InputOrigin origin =
        shape.norm() == null || shape.projection() != null
            ? new InputOrigin.Fixed()
            : shape.norm().origin();
    this.head =
        new BlockLayout(
            "head",
            List.of(new SiteGroup("head.input", List.of(shape.site()), origin)),
            configuration.vocabularySize());
  }

  List<BlockLayout> blocks() {
    return blocks;
  }

  BlockLayout head() {
    return head;
  }

  /** Sites whose outputs are added to the stream as they are, each for all tokens. */
  List<LinearSite> residualWriters() {
    List<LinearSite> writers = new ArrayList<>();
    for (LayerShape layer : configuration.layerShapes()) {
      if (layer.norms().attentionOutput() == null) {
        writers.add(layer.attention().output());
      }
      if (layer.norms().mlpOutput() == null && layer.mlp() instanceof MlpShape.Dense dense) {
        writers.add(dense.output());
      }
    }
    return writers;
  }

  /** Everything that writes to and reads from the stream; empty if it cannot be rotated. */
  Optional<ResidualStream> residualStream() {
    EmbeddingShape embedding = configuration.embedding();
    HeadShape last = configuration.headShape();
    if (embedding.norm() != null
        || embedding.projection() != null
        || last.projection() != null
        || last.norm() == null
        || !last.norm().weighted()
        || !configuration.layerShapes().stream().allMatch(LayerShape::isRotatable)) {
      return Optional.empty();
    }
    List<LinearSite> writers = new ArrayList<>();
    List<NormSite> readers = new ArrayList<>();
    for (LayerShape layer : configuration.layerShapes()) {
      layer.readers().forEach(norm -> readers.add(norm.site()));
      writers.addAll(layer.writers());
    }
    readers.add(last.norm().site());
    List<String> embeddings = new ArrayList<>(List.of(embedding.table()));
    if (embedding.positions() != null) {
      embeddings.add(embedding.positions());
    }
    return Optional.of(
        new ResidualStream(configuration.hiddenSize(), embeddings, writers, readers));
  }
}
