// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ids of tokens with a task, as llama.cpp finds them. Immutable. */
final class SpecialTokens {
  private static final Logger log = LoggerFactory.getLogger(SpecialTokens.class);

  private final Map<SpecialToken, Integer> ids;
  private final Set<SpecialToken> stated;

  private SpecialTokens(Map<SpecialToken, Integer> ids, Set<SpecialToken> stated) {
    this.ids = ids;
    this.stated = stated;
  }

  static SpecialTokens read(GgufMetadata metadata, String model, GgufVocabulary vocabulary) {
    Map<SpecialToken, Integer> ids = new EnumMap<>(SpecialToken.class);
    defaults(model, metadata.getString(Keys.PRE).orElse(""))
        .forEach(
            (token, id) -> {
              if (id < vocabulary.size()) {
                ids.put(token, id);
              }
            });
    Set<SpecialToken> stated = new HashSet<>();
    for (SpecialToken token : SpecialToken.values()) {
      for (String key : token.keys()) {
        Optional<Long> id = metadata.getLong(key);
        if (id.isPresent() && id.get() >= 0 && id.get() < vocabulary.size()) {
          ids.put(token, id.get().intValue());
          stated.add(token);
        } else if (id.isPresent()) {
          log.warn("{} is {}, which no token has: passed over", key, id.get());
        }
      }
    }
    return new SpecialTokens(ids, stated);
  }

  private static Map<SpecialToken, Integer> defaults(String model, String pre) {
    return switch (model) {
      case "llama" -> Map.of(SpecialToken.BOS, 1, SpecialToken.EOS, 2, SpecialToken.UNKNOWN, 0);
      case "bert" ->
          Map.of(
              SpecialToken.BOS,
              101,
              SpecialToken.UNKNOWN,
              100,
              SpecialToken.SEPARATOR,
              102,
              SpecialToken.PADDING,
              0,
              SpecialToken.MASK,
              103);
      case "gpt2" ->
          pre.equals("glm4") || pre.equals("chatglm-bpe")
              ? Map.of(SpecialToken.EOS, 11)
              : Map.of(SpecialToken.BOS, 11, SpecialToken.EOS, 11);
      default -> Map.of();
    };
  }

  OptionalInt find(SpecialToken token) {
    Integer id = ids.get(token);
    return id == null ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** The id of a token that is needed. */
  int require(SpecialToken token, String reason) {
    return find(token)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "metadata '" + token.keys().getFirst() + "': missing, " + reason));
  }

  /** Whether the file states the token, so that it is not a default of its model. */
  boolean isStated(SpecialToken token) {
    return stated.contains(token);
  }

  /** The tokens that end a generation, in order of their ids. */
  int[] ends(GgufVocabulary vocabulary) {
    Set<Integer> ends = new TreeSet<>();
    Set<String> texts = new HashSet<>();
    for (String text : TokenTypeRules.ENDS) {
      vocabulary
          .idOf(text)
          .ifPresent(
              id -> {
                ends.add(id);
                texts.add(text);
              });
    }
    for (SpecialToken token :
        Set.of(
            SpecialToken.FILL_PADDING, SpecialToken.FILL_REPOSITORY, SpecialToken.FILL_SEPARATOR)) {
      find(token).ifPresent(ends::add);
      if (!ids.containsKey(token)) {
        TokenTypeRules.FILLING.getOrDefault(token, Set.of()).stream()
            .map(vocabulary::find)
            .filter(id -> id >= 0)
            .min(Integer::compare)
            .ifPresent(ends::add);
      }
    }
    for (SpecialToken token :
        Set.of(SpecialToken.EOS, SpecialToken.END_OF_TURN, SpecialToken.END_OF_MESSAGE)) {
      find(token).ifPresent(ends::add);
    }
    if (TokenTypeRules.endsPartsOnly(texts)) {
      vocabulary.idOf("<|end|>").ifPresent(ends::remove);
    }
    if (texts.contains("<|tool_response>")) {
      vocabulary.idOf("</s>").ifPresent(ends::remove);
    }
    return ends.stream().mapToInt(Integer::intValue).toArray();
  }
}
