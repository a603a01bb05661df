// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import java.util.List;

/** Tokens with a task, and the keys of their ids; the first key that is there counts. */
enum SpecialToken {
  BOS("bos_token", "bos_token_id"),
  EOS("eos_token", "eos_token_id"),
  END_OF_TURN("eot_token", "eot_token_id"),
  END_OF_MESSAGE("eom_token", "eom_token_id"),
  UNKNOWN("unk_token", "unknown_token_id"),
  // The file format spells it so.
  SEPARATOR("sep_token", "seperator_token_id"),
  PADDING("pad_token", "padding_token_id"),
  MASK("mask_token", "mask_token_id"),
  FILL_PREFIX("fim_pre_token", "fim_pre_token_id", "prefix_token_id"),
  FILL_SUFFIX("fim_suf_token", "fim_suf_token_id", "suffix_token_id"),
  FILL_MIDDLE("fim_mid_token", "fim_mid_token_id", "middle_token_id"),
  FILL_PADDING("fim_pad_token", "fim_pad_token_id"),
  FILL_REPOSITORY("fim_rep_token", "fim_rep_token_id"),
  FILL_SEPARATOR("fim_sep_token", "fim_sep_token_id");

  private final String configName;

  @SuppressWarnings("ImmutableEnumChecker") // Nothing changes what List.of gives.
  private final List<String> keys;

  SpecialToken(String configName, String... keys) {
    this.configName = configName;
    this.keys = List.of(keys);
  }

  /** What tokenizer_config.json calls it. */
  String configName() {
    return configName;
  }

  /** Its keys in the metadata. */
  List<String> keys() {
    return keys.stream().map(key -> "tokenizer.ggml." + key).toList();
  }
}
