// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.model.runtime.UnusedTensors;
import io.github.quant4j.tensor.Shape;
import java.io.UncheckedIOException;
import java.util.List;

/** Compares a decoder's tensors with what its configuration asks for. */
final class LlamaTensors {
  private LlamaTensors() {}

  /**
   * Finds everything that is missing, of another shape or type, or not used.
   *
   * @return the check with its problems and warnings
   */
  static TensorCheck check(
      LlamaConfiguration configuration, LlamaLayout layout, ModelWeights weights) {
    TensorCheck check = new TensorCheck(weights);
    int hidden = configuration.hiddenSize();
    check.require(LlamaLayout.EMBEDDINGS, Shape.of(configuration.vocabularySize(), hidden), "");
    for (int layer = 0; layer < configuration.layers(); layer++) {
      BlockLayout block = layout.blocks().get(layer);
      LlamaLayout.DecoderNames names = layout.names(layer);
      check.require(names.inputNorm(), Shape.of(hidden), "");
      check.require(names.outputNorm(), Shape.of(hidden), "");
      for (String name : names.all().subList(2, names.all().size())) {
        check.require(name, Shape.of(configuration.attention().headWidth()), "");
      }
      block.sites().forEach(site -> check.requireSite(site, ""));
    }
    check.require(LlamaLayout.FINAL_NORM, Shape.of(hidden), "");
    layout
        .head()
        .sites()
        .forEach(site -> check.requireSite(site, ", as 'tie_word_embeddings' is false"));
    if (configuration.tiedEmbeddings() && !isQuantized(weights)) {
      check.requireCopy(
          LlamaLayout.HEAD + ".weight",
          LlamaLayout.EMBEDDINGS,
          ", though 'tie_word_embeddings' is true; expected the same weights, or false");
    }
    check.requireAllUsed(
        new UnusedTensors.Names(
            List.of("model.", LlamaLayout.HEAD + "."),
            LlamaLayout.LAYERS,
            configuration.layers(),
            "num_hidden_layers",
            List.of()));
    return check;
  }

  /** A head that cannot be read has been reported already. */
  private static boolean isQuantized(ModelWeights weights) {
    try {
      return weights.linear(LlamaLayout.HEAD).isPresent();
    } catch (UncheckedIOException _) {
      return true;
    }
  }
}
