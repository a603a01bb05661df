// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.model.runtime.UnusedTensors;
import io.github.quant4j.tensor.Shape;
import java.io.UncheckedIOException;
import java.util.List;

/** Compares a decoder's tensors with what its configuration asks for. */
final class DecoderTensors {
  private DecoderTensors() {}

  /**
   * Finds everything that is missing, of another shape or type, or not used.
   *
   * @return the check with its problems and warnings
   */
  static TensorCheck check(
      DecoderConfiguration configuration, DecoderLayout layout, ModelWeights weights) {
    TensorCheck check = new TensorCheck(weights);
    requireEmbedding(configuration, check);
    for (int layer = 0; layer < configuration.layers(); layer++) {
      configuration
          .layerShapes()
          .get(layer)
          .vectors()
          .forEach(vector -> check.require(vector.name(), vector.shape(), ""));
      layout.blocks().get(layer).sites().forEach(site -> check.requireSite(site, ""));
    }
    HeadShape head = configuration.headShape();
    if (head.norm() != null) {
      head.norm().vectors().forEach(vector -> check.require(vector.name(), vector.shape(), ""));
    }
    LinearSite site = head.site();
    if (head.projection() != null) {
      check.require(head.projection(), Shape.of(site.inFeatures(), configuration.hiddenSize()), "");
    }
    check.requireSite(site, ", as 'tie_word_embeddings' is false");
    String table = configuration.embedding().table();
    if (configuration.tiedEmbeddings() && !isQuantized(weights, site)) {
      check.requireCopy(
          site.name() + ".weight",
          table,
          ", though 'tie_word_embeddings' is true; expected the same weights, or false");
    }
    int dot = table.indexOf('.');
    check.requireAllUsed(
        new UnusedTensors.Names(
            List.of(
                dot < 0 ? table : table.substring(0, dot + 1),
                configuration.layerPrefix(),
                site.name() + "."),
            configuration.layerPrefix(),
            configuration.layers(),
            "num_hidden_layers",
            List.of()));
    return check;
  }

  private static void requireEmbedding(DecoderConfiguration configuration, TensorCheck check) {
    EmbeddingShape embedding = configuration.embedding();
    check.requireTable(
        embedding.table(), Shape.of(configuration.vocabularySize(), embedding.width()), "");
    if (embedding.positions() != null) {
      check.require(
          embedding.positions(),
          Shape.of(embedding.positionRows(), configuration.hiddenSize()),
          "");
    }
    if (embedding.projection() != null) {
      check.require(
          embedding.projection(), Shape.of(configuration.hiddenSize(), embedding.width()), "");
    }
    if (embedding.norm() != null) {
      embedding.norm().vectors().forEach(one -> check.require(one.name(), one.shape(), ""));
    }
  }

  /** A head that cannot be read has been reported already. */
  private static boolean isQuantized(ModelWeights weights, LinearSite head) {
    try {
      return weights.linear(head).isPresent();
    } catch (UncheckedIOException _) {
      return true;
    }
  }
}
