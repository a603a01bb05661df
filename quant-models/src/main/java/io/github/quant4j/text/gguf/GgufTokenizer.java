// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tokenizer of a GGUF file, in the form of Hugging Face's {@code tokenizer.json} and {@code
 * tokenizer_config.json}. It gives the ids that llama.cpp gives where that parses special tokens.
 *
 * <p>Supported are the tokenizers {@code llama} (SentencePiece with scores), {@code gpt2} and
 * {@code gemma4} (byte pairs, with every value of {@code tokenizer.ggml.pre} that llama.cpp 0.4.0
 * has but {@code whitespace}) and {@code bert} (WordPiece). Others are refused by name.
 *
 * <p>Known differences from llama.cpp:
 *
 * <ul>
 *   <li>special tokens that overlap in a text are taken from the left, not the longest first;
 *   <li>white space that tokens drop around them is Unicode's, not ASCII's alone;
 *   <li>a token of SentencePiece with a character that is no token itself is not found, and of
 *       tokens of the same score the one of the lower id is made first, not the leftmost;
 *   <li>letters, marks and numbers are those of Unicode 16.0, not of an older version;
 *   <li>without accents, WordPiece keeps the whole of a Hangul syllable, of which llama.cpp keeps
 *       the first letter, and all marks that take space; it drops U+000B, U+000C and U+0085, which
 *       there separate words. In this it follows the tokenizers that such models are trained with.
 * </ul>
 */
public final class GgufTokenizer {
  private final GgufMetadata metadata;
  private final String model;
  private final GgufVocabulary vocabulary;
  private final SpecialTokens special;

  private GgufTokenizer(GgufMetadata metadata) {
    this.metadata = metadata;
    this.model =
        metadata
            .getString(Keys.MODEL)
            .orElseThrow(
                () -> new IllegalArgumentException("metadata '" + Keys.MODEL + "': missing"));
    this.vocabulary = GgufVocabulary.read(metadata);
    this.special = SpecialTokens.read(metadata, model, vocabulary);
  }

  /**
   * Reads the metadata of a tokenizer.
   *
   * @param metadata the metadata of a GGUF file
   * @return the tokenizer
   * @throws IllegalArgumentException if there is no tokenizer in it, or a malformed one; the
   *     message names the key
   */
  public static GgufTokenizer read(GgufMetadata metadata) {
    return new GgufTokenizer(metadata);
  }

  /**
   * The tokenizer as the content of a file {@code tokenizer.json}, version 1.0.
   *
   * @return the content
   * @throws IllegalArgumentException if the tokenizer is not supported; the message says which are
   */
  public JsonValue.Obj toTokenizerJson() {
    TokenizerParts parts = new PartsReader(metadata, vocabulary, special).read(model);
    return Sections.object(
        "version",
        "1.0",
        "truncation",
        null,
        "padding",
        null,
        "added_tokens",
        addedTokens(parts),
        "normalizer",
        parts.normalizer(),
        "pre_tokenizer",
        parts.preTokenizer(),
        "post_processor",
        postProcessor(parts),
        "decoder",
        parts.decoder(),
        "model",
        parts.model());
  }

  private JsonValue addedTokens(TokenizerParts parts) {
    SpaceStripping stripping = SpaceStripping.of(metadata);
    List<JsonValue> added = new ArrayList<>();
    for (int id = 0; id < vocabulary.size(); id++) {
      TokenType type = vocabulary.type(id);
      if (type.isFoundWhole()) {
        String token = vocabulary.token(id);
        added.add(
            Sections.object(
                "id",
                id,
                "content",
                parts.tokens().get(id),
                "single_word",
                false,
                "lstrip",
                stripping.before(token),
                "rstrip",
                stripping.behind(token, type),
                "normalized",
                false,
                "special",
                type.isSpecial()));
      }
    }
    return new JsonValue.Arr(added);
  }

  private JsonValue postProcessor(TokenizerParts parts) {
    boolean bert = model.equals("bert");
    boolean forced = bert || isForcedToBegin();
    Optional<Integer> before =
        forced || metadata.getBoolean(Keys.ADD_BOS).orElse(parts.addBos())
            ? Optional.of(special.require(SpecialToken.BOS, "but texts begin with it"))
            : Optional.empty();
    SpecialToken end = bert ? SpecialToken.SEPARATOR : SpecialToken.EOS;
    Optional<Integer> behind =
        bert || metadata.getBoolean(Keys.ADD_EOS).orElse(parts.addEos())
            ? Optional.of(special.require(end, "but texts end with it"))
            : Optional.empty();
    return Template.of(before.map(this::entry), behind.map(this::entry), bert);
  }

  /** llama.cpp begins the texts of these models with a token whatever their files say. */
  private boolean isForcedToBegin() {
    String pre = model.equals("gemma4") ? model : metadata.getString(Keys.PRE).orElse("");
    return pre.equals("gemma4") || pre.equals("granite-embed-multi-311m");
  }

  private Template.Entry entry(int id) {
    return new Template.Entry(vocabulary.token(id), id);
  }

  /**
   * What goes into {@code tokenizer_config.json}: special tokens by their tasks and the chat
   * template, if the file has one; a list of named templates if it has several.
   *
   * @return the content
   * @throws IllegalArgumentException if a value has the wrong type; the message names its key
   */
  public JsonValue.Obj toTokenizerConfig() {
    return TokenizerConfig.write(metadata, model, vocabulary, special);
  }

  /**
   * The tokens that end a generation: those that the file says end a text, a turn or a message, and
   * those that llama.cpp takes for such by their text.
   *
   * @return their ids in ascending order, perhaps none
   */
  public int[] endTokens() {
    return special.ends(vocabulary);
  }

  /**
   * The token that begins a text.
   *
   * @return its id, or empty if the file does not state it
   */
  public Optional<Integer> beginToken() {
    return special.isStated(SpecialToken.BOS)
        ? Optional.of(special.require(SpecialToken.BOS, "stated"))
        : Optional.empty();
  }

  /**
   * How many tokens there are, those included that only fill the vocabulary up.
   *
   * @return the count
   */
  public int vocabularySize() {
    return vocabulary.size();
  }
}
