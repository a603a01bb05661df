// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing.models;

import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.text.TokenizerFile;
import java.nio.charset.StandardCharsets;

/** Small tokenizer files. */
public final class TestTokenizers {
  private TestTokenizers() {}

  /**
   * 64 tokens in the manner of SentencePiece: unk, begin, end, a space, letters and digits, with a
   * space in front of each text that is taken off when it is decoded.
   */
  public static String sentencePiece() {
    StringBuilder vocabulary = new StringBuilder("\"<unk>\": 0, \"<s>\": 1, \"</s>\": 2, \"▁\": 3");
    for (int id = 4; id < 64; id++) {
      char c = id < 30 ? (char) ('a' + id - 4) : id < 56 ? (char) ('A' + id - 30) : (char) (id - 8);
      vocabulary.append(", \"").append(c).append("\": ").append(id);
    }
    return """
        {"version": "1.0",
         "added_tokens": [%s, %s, %s],
         "normalizer": {"type": "Sequence", "normalizers": [
           {"type": "Prepend", "prepend": "▁"},
           {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]},
         "pre_tokenizer": null,
         "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                      {"Sequence": {"id": "A", "type_id": 0}}],
           "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
           "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}},
         "decoder": {"type": "Sequence", "decoders": [
           {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
           {"type": "Fuse"},
           {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
         "model": {"type": "BPE", "unk_token": "<unk>", "fuse_unk": true, "byte_fallback": false,
           "vocab": {%s}, "merges": []}}
        """
        .formatted(special(0, "<unk>"), special(1, "<s>"), special(2, "</s>"), vocabulary);
  }

  private static String special(int id, String content) {
    return """
        {"id": %d, "content": "%s", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}"""
        .formatted(id, content);
  }

  /** The tokenizer of {@link #sentencePiece()}. */
  public static Tokenizer parseSentencePiece() {
    return TokenizerFile.parse(sentencePiece().getBytes(StandardCharsets.UTF_8));
  }
}
