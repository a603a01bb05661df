// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.text.unicode.ByteAlphabet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A vocabulary of bytes and of a sixth of all pairs of bytes, in an order like a random one. A word
 * that begins a byte earlier or later nearly always falls into other pairs, so that ids tell how a
 * text was split.
 */
final class PairVocabulary {
  private PairVocabulary() {}

  static GgufMetadata metadata(String pre) {
    String[] spelled = new String[256];
    for (char c = 0; c < 0x144; c++) {
      int value = ByteAlphabet.byteOf(c);
      if (value >= 0) {
        spelled[value] = Character.toString(c);
      }
    }
    List<String> tokens = new ArrayList<>(Arrays.asList(spelled));
    List<String> merges = new ArrayList<>();
    for (int i = 0; i < 65536; i += 6) {
      int pair = (i * 40503 + 12345) & 0xFFFF;
      tokens.add(spelled[pair >> 8] + spelled[pair & 255]);
      merges.add(spelled[pair >> 8] + " " + spelled[pair & 255]);
    }
    tokens.addAll(List.of("<|endoftext|>", "<|im_start|>", "<tool>"));
    int[] types = new int[tokens.size()];
    Arrays.fill(types, TokenType.NORMAL.code());
    int end = tokens.indexOf("<|endoftext|>");
    types[end] = TokenType.CONTROL.code();
    types[end + 1] = TokenType.CONTROL.code();
    types[end + 2] = TokenType.USER_DEFINED.code();
    return GgufMetadata.builder()
        .putString(Keys.MODEL, "gpt2")
        .putString(Keys.PRE, pre)
        .putStrings(Keys.TOKENS, tokens)
        .putInts(Keys.TOKEN_TYPE, types)
        .putStrings(Keys.MERGES, merges)
        .putUnsigned("tokenizer.ggml.bos_token_id", end + 1)
        .putUnsigned("tokenizer.ggml.eos_token_id", end)
        .putBoolean(Keys.ADD_BOS, false)
        .build();
  }
}
