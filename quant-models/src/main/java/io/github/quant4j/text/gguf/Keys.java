// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

/** Keys of GGUF metadata. */
final class Keys {
  static final String MODEL = "tokenizer.ggml.model";
  static final String PRE = "tokenizer.ggml.pre";
  static final String TOKENS = "tokenizer.ggml.tokens";
  static final String TOKEN_TYPE = "tokenizer.ggml.token_type";
  static final String TOKEN_TYPE_COUNT = "tokenizer.ggml.token_type_count";
  static final String SCORES = "tokenizer.ggml.scores";
  static final String MERGES = "tokenizer.ggml.merges";
  static final String ADD_BOS = "tokenizer.ggml.add_bos_token";
  static final String ADD_EOS = "tokenizer.ggml.add_eos_token";
  static final String ADD_SPACE_PREFIX = "tokenizer.ggml.add_space_prefix";
  static final String LOWERCASE = "tokenizer.ggml.normalizer.lowercase";
  static final String STRIP_ACCENTS = "tokenizer.ggml.normalizer.strip_accents";
  static final String CHAT_TEMPLATE = "tokenizer.chat_template";
  static final String CHAT_TEMPLATES = "tokenizer.chat_templates";
  static final String ARCHITECTURE = "general.architecture";
  static final String NAME = "general.name";

  private Keys() {}
}
