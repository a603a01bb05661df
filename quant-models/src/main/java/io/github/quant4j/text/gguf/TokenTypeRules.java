// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What llama.cpp takes a token for because of its text, whatever the file says. Many files mark
 * such tokens wrongly.
 */
final class TokenTypeRules {
  /** Tokens after which generation ends. */
  static final Set<String> ENDS =
      Set.of(
          "<|eot_id|>",
          "<|im_end|>",
          "<|end|>",
          "<|return|>",
          "<|call|>",
          "<|flush|>",
          "<|calls|>",
          "<end_of_turn>",
          "<|endoftext|>",
          "</s>",
          "<|eom_id|>",
          "<EOT>",
          "_<EOT>",
          "[EOT]",
          "[EOS]",
          "<|end_of_text|>",
          "<end_of_utterance>",
          "<eos>",
          "<turn|>",
          "<|tool_response>",
          "<｜end▁of▁sentence｜>",
          "[e~[");

  /** Tokens that fill in the middle: control tokens, if no other has their task. */
  static final Map<SpecialToken, Set<String>> FILLING =
      Map.of(
          SpecialToken.FILL_PREFIX,
          Set.of(
              "<|fim_prefix|>",
              "<fim-prefix>",
              "<fim_prefix>",
              "<｜fim▁begin｜>",
              "<PRE>",
              "▁<PRE>",
              "<|code_prefix|>",
              "<|prefix|>"),
          SpecialToken.FILL_SUFFIX,
          Set.of(
              "<|fim_suffix|>",
              "<fim-suffix>",
              "<fim_suffix>",
              "<｜fim▁hole｜>",
              "<SUF>",
              "▁<SUF>",
              "<|code_suffix|>",
              "<|suffix|>"),
          SpecialToken.FILL_MIDDLE,
          Set.of(
              "<|fim_middle|>",
              "<fim-middle>",
              "<fim_middle>",
              "<｜fim▁end｜>",
              "<MID>",
              "▁<MID>",
              "<|code_middle|>",
              "<|middle|>"),
          SpecialToken.FILL_PADDING,
          Set.of("<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"),
          SpecialToken.FILL_REPOSITORY,
          Set.of("<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"),
          SpecialToken.FILL_SEPARATOR,
          Set.of("<|file_sep|>"));

  /** Parts of the messages of one family, which are shown and always found. */
  private static final Set<String> MESSAGE_PARTS =
      Set.of("<|channel|>", "<|message|>", "<|start|>", "<|constrain|>");

  private static final Set<String> CONTROL =
      Stream.concat(ENDS.stream(), FILLING.values().stream().flatMap(Set::stream))
          .collect(Collectors.toUnmodifiableSet());

  private TokenTypeRules() {}

  /** Corrects types, in place. */
  static TokenType[] apply(List<String> tokens, TokenType[] types) {
    Map<String, Integer> seen = new HashMap<>();
    for (int id = 0; id < types.length; id++) {
      String token = tokens.get(id);
      if (CONTROL.contains(token)) {
        seen.put(token, id);
        types[id] = TokenType.CONTROL;
      } else if (MESSAGE_PARTS.contains(token)) {
        types[id] = TokenType.USER_DEFINED;
      }
    }
    Integer end = seen.get("<|end|>");
    if (end != null && endsPartsOnly(seen.keySet())) {
      types[end] = TokenType.USER_DEFINED;
    }
    Integer sentenceEnd = seen.get("</s>");
    if (sentenceEnd != null && seen.containsKey("<|tool_response>")) {
      types[sentenceEnd] = TokenType.NORMAL;
    }
    return types;
  }

  /** Whether {@code <|end|>} ends a part of a message and not the message. */
  static boolean endsPartsOnly(Set<String> ends) {
    boolean calls = ends.contains("<|call|>") || ends.contains("<|calls|>");
    return calls && (ends.contains("<|return|>") || ends.contains("<|flush|>"));
  }
}
