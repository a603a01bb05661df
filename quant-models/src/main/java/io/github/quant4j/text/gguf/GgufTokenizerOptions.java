// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.json.JsonValue;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@link GgufTokenizerWriter} is told beside the tokenizer file.
 *
 * @param tokenizerConfig the content of {@code tokenizer_config.json}
 * @param config the content of {@code config.json}, for the ids of special tokens
 * @param chatTemplate the content of {@code chat_template.jinja}, which outranks the template of
 *     {@code tokenizerConfig}
 * @param pre the value of {@code tokenizer.ggml.pre}, where it is not to be found by comparing
 * @param vocabularySize how many tokens to write, as many as the model has rows of embeddings; what
 *     the tokenizer has less is filled up
 */
public record GgufTokenizerOptions(
    Optional<JsonValue.Obj> tokenizerConfig,
    Optional<JsonValue.Obj> config,
    Optional<String> chatTemplate,
    Optional<String> pre,
    OptionalInt vocabularySize) {

  /**
   * Nothing but the tokenizer file.
   *
   * @return options without any
   */
  public static GgufTokenizerOptions none() {
    return new GgufTokenizerOptions(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty());
  }

  /**
   * The same with another tokenizer_config.json.
   *
   * @param content its content
   * @return the options
   */
  public GgufTokenizerOptions withTokenizerConfig(JsonValue.Obj content) {
    return new GgufTokenizerOptions(
        Optional.of(content), config, chatTemplate, pre, vocabularySize);
  }

  /**
   * The same with another config.json.
   *
   * @param content its content
   * @return the options
   */
  public GgufTokenizerOptions withConfig(JsonValue.Obj content) {
    return new GgufTokenizerOptions(
        tokenizerConfig, Optional.of(content), chatTemplate, pre, vocabularySize);
  }

  /**
   * The same with another chat template.
   *
   * @param template the template
   * @return the options
   */
  public GgufTokenizerOptions withChatTemplate(String template) {
    return new GgufTokenizerOptions(
        tokenizerConfig, config, Optional.of(template), pre, vocabularySize);
  }

  /**
   * The same with the name of a pre-tokenizer of llama.cpp.
   *
   * @param name such as {@code qwen2}
   * @return the options
   */
  public GgufTokenizerOptions withPre(String name) {
    return new GgufTokenizerOptions(
        tokenizerConfig, config, chatTemplate, Optional.of(name), vocabularySize);
  }

  /**
   * The same with another number of tokens.
   *
   * @param size how many
   * @return the options
   */
  public GgufTokenizerOptions withVocabularySize(int size) {
    return new GgufTokenizerOptions(
        tokenizerConfig, config, chatTemplate, pre, OptionalInt.of(size));
  }
}
