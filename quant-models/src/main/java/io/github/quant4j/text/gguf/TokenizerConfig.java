// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.Set;

/** The content of {@code tokenizer_config.json} of a GGUF file. */
final class TokenizerConfig {
  static final String CLASS = "PreTrainedTokenizerFast";
  static final String DEFAULT_TEMPLATE = "default";

  /** Tokens that Hugging Face's tokenizers have members for. */
  private static final Set<SpecialToken> MEMBERS =
      Set.of(
          SpecialToken.BOS,
          SpecialToken.EOS,
          SpecialToken.UNKNOWN,
          SpecialToken.SEPARATOR,
          SpecialToken.PADDING,
          SpecialToken.MASK);

  private TokenizerConfig() {}

  static JsonValue.Obj write(
      GgufMetadata metadata, String model, GgufVocabulary vocabulary, SpecialTokens special) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
    members.put("tokenizer_class", new JsonValue.Str(CLASS));
    members.put("clean_up_tokenization_spaces", new JsonValue.Bool(false));
    boolean bert = model.equals("bert");
    for (SpecialToken token : SpecialToken.values()) {
      OptionalInt id = special.find(token);
      // The defaults of byte pairs are those of one old model.
      boolean meant = special.isStated(token) || !model.equals("gpt2");
      if (id.isPresent() && meant && MEMBERS.contains(token)) {
        JsonValue.Str text = new JsonValue.Str(vocabulary.token(id.getAsInt()));
        members.put(bert && token == SpecialToken.BOS ? "cls_token" : token.configName(), text);
      }
    }
    for (String key : List.of(Keys.ADD_BOS, Keys.ADD_EOS)) {
      metadata
          .getBoolean(key)
          .ifPresent(
              flag ->
                  members.put(key.substring(key.lastIndexOf('.') + 1), new JsonValue.Bool(flag)));
    }
    metadata
        .getString(Keys.ARCHITECTURE)
        .flatMap(architecture -> metadata.getLong(architecture + ".context_length"))
        .filter(length -> length > 0)
        .ifPresent(
            length -> members.put("model_max_length", new JsonValue.Num(Long.toString(length))));
    template(metadata).ifPresent(template -> members.put("chat_template", template));
    return new JsonValue.Obj(members);
  }

  private static Optional<JsonValue> template(GgufMetadata metadata) {
    Optional<String> whole = metadata.getString(Keys.CHAT_TEMPLATE);
    List<String> names = metadata.strings(Keys.CHAT_TEMPLATES).orElse(List.of());
    if (names.isEmpty()) {
      return whole.map(JsonValue.Str::new);
    }
    List<JsonValue> templates = new ArrayList<>();
    whole.ifPresent(template -> templates.add(named(DEFAULT_TEMPLATE, template)));
    for (String name : names) {
      String key = Keys.CHAT_TEMPLATE + "." + name;
      templates.add(
          named(
              name,
              metadata
                  .getString(key)
                  .orElseThrow(
                      () ->
                          new IllegalArgumentException(
                              "metadata '"
                                  + key
                                  + "': missing, but '"
                                  + Keys.CHAT_TEMPLATES
                                  + "' names it"))));
    }
    return Optional.of(new JsonValue.Arr(templates));
  }

  private static JsonValue named(String name, String template) {
    return Sections.object("name", name, "template", template);
  }
}
