// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.graph.BlockLayout;
import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.model.runtime.TensorCheck;
import io.github.quant4j.tensor.Shape;
import java.util.List;

/** Compares a decoder's tensors with what its configuration asks for. */
final class LlamaTensors {
  private LlamaTensors() {}

  /**
   * Finds everything that is missing or of another shape or type.
   *
   * @return one line for each problem
   */
  static List<String> problems(
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
    return check.problems();
  }
}
