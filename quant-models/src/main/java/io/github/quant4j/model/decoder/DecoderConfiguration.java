// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import io.github.quant4j.graph.LinearSite;
import io.github.quant4j.model.config.ModelDescription;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * The shape of a decoder: what a family's description and a config.json make together.
 *
 * @param architecture the name that config.json gives
 * @param vocabularySize number of tokens
 * @param hiddenSize width of the residual stream
 * @param embedding what comes before the layers
 * @param layerShapes the layers
 * @param headShape what comes after the layers
 * @param stored how the weights are stored
 * @param layerPrefix what the names of layers begin with, before their number
 * @param tiedEmbeddings whether the head uses the embeddings as its weights
 * @param maximumPositions the longest context that the model was made for
 * @param beginToken the token that begins a text, if there is one
 * @param endTokens tokens that end a text; may be empty
 */
public record DecoderConfiguration(
    String architecture,
    int vocabularySize,
    int hiddenSize,
    EmbeddingShape embedding,
    List<LayerShape> layerShapes,
    HeadShape headShape,
    StoredForm stored,
    String layerPrefix,
    boolean tiedEmbeddings,
    int maximumPositions,
    OptionalInt beginToken,
    List<Integer> endTokens)
    implements ModelDescription {

  /** Copies the lists. */
  public DecoderConfiguration {
    layerShapes = List.copyOf(layerShapes);
    endTokens = List.copyOf(endTokens);
  }

  @Override
  public int layers() {
    return layerShapes.size();
  }

  /**
   * The linear layers.
   *
   * @return in the order in which they run, the head last
   */
  public List<LinearSite> sites() {
    DecoderLayout layout = new DecoderLayout(this);
    List<LinearSite> sites = new ArrayList<>();
    layout.blocks().forEach(block -> sites.addAll(block.sites()));
    sites.addAll(layout.head().sites());
    return sites;
  }

  /**
   * The same model with other tokens that end a text.
   *
   * @param tokens the tokens; may be empty
   * @return the changed configuration
   */
  public DecoderConfiguration withEndTokens(List<Integer> tokens) {
    return new DecoderConfiguration(
        architecture,
        vocabularySize,
        hiddenSize,
        embedding,
        layerShapes,
        headShape,
        stored,
        layerPrefix,
        tiedEmbeddings,
        maximumPositions,
        beginToken,
        tokens);
  }
}
