// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.llama;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.config.ModelDescription;
import io.github.quant4j.model.runtime.RotaryScaling;
import java.util.List;
import java.util.OptionalInt;

/**
 * The shape of a decoder of the Llama family, as a Hugging Face config.json gives it.
 *
 * <p>Where the file is silent, the defaults are those of the Transformers library for the family.
 *
 * @param family the architecture
 * @param vocabularySize number of tokens
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width inside the MLP
 * @param layers number of decoder blocks
 * @param attention heads, biases and windows
 * @param rotary position embeddings
 * @param normEpsilon what RMSNorm adds to the mean square
 * @param mlpBias whether the MLP's layers have biases
 * @param tiedEmbeddings whether the head uses the embeddings as its weights
 * @param maximumPositions the longest context that the model was made for
 * @param beginToken the token that begins a text, if there is one
 * @param endTokens tokens that end a text; may be empty
 */
public record LlamaConfiguration(
    ModelFamily family,
    int vocabularySize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    Attention attention,
    Rotary rotary,
    double normEpsilon,
    boolean mlpBias,
    boolean tiedEmbeddings,
    int maximumPositions,
    OptionalInt beginToken,
    List<Integer> endTokens)
    implements ModelDescription {

  /** Copies the list. */
  public LlamaConfiguration {
    endTokens = List.copyOf(endTokens);
  }

  @Override
  public String architecture() {
    return family.architecture();
  }

  /**
   * Grouped-query attention.
   *
   * @param heads query heads
   * @param keyValueHeads key and value heads; divides {@code heads}
   * @param headWidth channels of a head, even
   * @param inputBias whether query, key and value have biases
   * @param outputBias whether the output projection has a bias
   * @param headNorms whether queries and keys are normalized head by head
   * @param windows for each layer how many positions a token sees, itself included; 0 for all
   */
  public record Attention(
      int heads,
      int keyValueHeads,
      int headWidth,
      boolean inputBias,
      boolean outputBias,
      boolean headNorms,
      List<Integer> windows) {

    /** Copies the list. */
    public Attention {
      windows = List.copyOf(windows);
    }

    /**
     * The width of all queries.
     *
     * @return outputs of q_proj, inputs of o_proj
     */
    public int queryWidth() {
      return heads * headWidth;
    }

    /**
     * The width of all keys, or of all values.
     *
     * @return outputs of k_proj and of v_proj
     */
    public int keyValueWidth() {
      return keyValueHeads * headWidth;
    }
  }

  /**
   * Rotary position embeddings (arXiv:2104.09864).
   *
   * @param theta the base of the wavelengths
   * @param scaling how the frequencies are changed
   */
  public record Rotary(double theta, RotaryScaling scaling) {}

  /**
   * Reads a configuration.
   *
   * <p>Every member of the file that changes numbers is read or refused by name; members that are
   * not known are passed over here, and are among {@link LanguageModel#warnings()}.
   *
   * @param json the contents of config.json, UTF-8
   * @param subject what messages call it, for example the file's path
   * @return the configuration
   * @throws InvalidModelException if it is not JSON, a value is missing, out of range or
   *     contradicts another, or it asks for something that the runtime does not do; all problems
   *     are named together
   */
  public static LlamaConfiguration parse(byte[] json, String subject) {
    try {
      return LlamaConfigurationReader.read(JsonParser.parseObject(json), subject).configuration();
    } catch (JsonException e) {
      throw new InvalidModelException(subject, List.of("not a JSON object: " + e.getMessage()));
    }
  }

  /**
   * The same model with a head of its own, or with one that uses the embeddings.
   *
   * @param tied whether the head uses the embeddings
   * @return the changed configuration
   */
  public LlamaConfiguration withTiedEmbeddings(boolean tied) {
    return new LlamaConfiguration(
        family,
        vocabularySize,
        hiddenSize,
        intermediateSize,
        layers,
        attention,
        rotary,
        normEpsilon,
        mlpBias,
        tied,
        maximumPositions,
        beginToken,
        endTokens);
  }

  /**
   * The same model with other tokens that end a text.
   *
   * @param tokens the tokens; may be empty
   * @return the changed configuration
   */
  public LlamaConfiguration withEndTokens(List<Integer> tokens) {
    return new LlamaConfiguration(
        family,
        vocabularySize,
        hiddenSize,
        intermediateSize,
        layers,
        attention,
        rotary,
        normEpsilon,
        mlpBias,
        tiedEmbeddings,
        maximumPositions,
        beginToken,
        tokens);
  }
}
