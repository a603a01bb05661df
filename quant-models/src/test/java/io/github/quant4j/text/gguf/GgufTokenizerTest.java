// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.text.TokenizerFile;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rules about tokens, and metadata that are malformed. */
class GgufTokenizerTest {

  private static GgufMetadata.Builder bytePairs(String... tokens) {
    int[] types = new int[tokens.length];
    Arrays.fill(types, TokenType.NORMAL.code());
    return GgufMetadata.builder()
        .putString(Keys.MODEL, "gpt2")
        .putString(Keys.PRE, "gpt-2")
        .putStrings(Keys.TOKENS, List.of(tokens))
        .putInts(Keys.TOKEN_TYPE, types)
        .putStrings(Keys.MERGES, List.of())
        .putBoolean(Keys.ADD_BOS, false);
  }

  private static void assertRefused(GgufMetadata.Builder metadata, String expected) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> GgufTokenizer.read(metadata.build()).toTokenizerJson());
    assertTrue(String.valueOf(e.getMessage()).contains(expected), e.getMessage());
  }

  @Test
  void malformedMetadataAreRefusedWithTheirKey() {
    assertRefused(GgufMetadata.builder(), "'tokenizer.ggml.model': missing");
    assertRefused(bytePairs("a", "a"), "'tokenizer.ggml.tokens'[1]: 'a' is also token 0");
    assertRefused(bytePairs("a").remove(Keys.TOKENS), "'tokenizer.ggml.tokens': missing");
    assertRefused(bytePairs("a").remove(Keys.MERGES), "'tokenizer.ggml.merges': missing");
    assertRefused(
        bytePairs("a").putString(Keys.PRE, "odd"), "the pre-tokenizer 'odd' is not known");
    assertRefused(
        bytePairs("a").putString(Keys.MODEL, "t5"), "the tokenizer 't5' is not supported");
    assertRefused(bytePairs("a").putString(Keys.MODEL, "rwkv"), "the tokenizer 'rwkv'");
    assertRefused(
        bytePairs("a").putInts(Keys.TOKEN_TYPE, new int[] {9}), "[0]: 9, expected a type");
    assertRefused(bytePairs("a", "b").putInts(Keys.TOKEN_TYPE, new int[1]), "1 types for 2 tokens");
    assertRefused(
        bytePairs("a").putStrings(Keys.MERGES, List.of("ab")), "merges'[0]: expected two");
    assertRefused(bytePairs("a".repeat(5000)), "a token of 5000 characters");
    assertRefused(bytePairs("a").putBoolean(Keys.ADD_BOS, true), "bos_token_id': missing");
    assertRefused(
        bytePairs("a").putString(Keys.MODEL, "llama"), "'tokenizer.ggml.scores': missing");
    assertRefused(
        bytePairs("a").putString(Keys.MODEL, "llama").putFloats(Keys.SCORES, new float[0]),
        "0 scores for 1 tokens");
  }

  @Test
  void someTokensAreSpecialByTheirText() {
    Tokenizer tokenizer =
        TokenizerFile.of(
            GgufTokenizer.read(
                    bytePairs("a", "<|im_end|>", "<|message|>", "<|fim_prefix|>", "<|odd|>")
                        .build())
                .toTokenizerJson());
    assertArrayEquals(
        new int[] {0, 1, 2, 3, 0},
        tokenizer.encode("a<|im_end|><|message|><|fim_prefix|>a<|odd|>", false));
    assertTrue(tokenizer.isSpecial(1));
    assertTrue(tokenizer.isSpecial(3));
    assertEquals("<|message|>", tokenizer.decode(new int[] {2}, true));
  }

  @Test
  void endsAreStatedOrKnownByTheirText() {
    assertArrayEquals(
        new int[] {1, 2, 4},
        GgufTokenizer.read(
                bytePairs("a", "<|im_end|>", "<|endoftext|>", "b", "c")
                    .putUnsigned("tokenizer.ggml.eos_token_id", 4)
                    .putUnsigned("tokenizer.ggml.eom_token_id", 99)
                    .build())
            .endTokens());
    // Where calls and returns end a message, the end of a part of it does not.
    assertArrayEquals(
        new int[] {1, 2},
        GgufTokenizer.read(bytePairs("<|end|>", "<|return|>", "<|call|>").build()).endTokens());
    assertArrayEquals(
        new int[] {1},
        GgufTokenizer.read(bytePairs("</s>", "<|tool_response>").build()).endTokens());
  }

  @Test
  void whiteSpaceAroundSomeTokensIsDropped() {
    GgufMetadata.Builder phi =
        bytePairs("a", "Ġ", "<|user|>", "<s>").putString(Keys.NAME, "Phi-3 mini");
    phi.putInts(
        Keys.TOKEN_TYPE, new int[] {1, 1, TokenType.CONTROL.code(), TokenType.CONTROL.code()});
    assertArrayEquals(
        new int[] {0, 1, 2, 0, 3, 1, 0},
        TokenizerFile.of(GgufTokenizer.read(phi.build()).toTokenizerJson())
            .encode("a <|user|>  a<s> a", false));
  }

  @Test
  void emptyTokensGetAName() {
    Tokenizer tokenizer =
        TokenizerFile.of(GgufTokenizer.read(bytePairs("a", "").build()).toTokenizerJson());
    assertEquals("[EMPTY_1]", tokenizer.tokenOf(1).orElseThrow());
  }

  @Test
  void namedTemplatesMustBeThere() {
    GgufMetadata.Builder metadata =
        bytePairs("a")
            .putString("tokenizer.chat_template", "one")
            .putStrings("tokenizer.chat_templates", List.of("rag"));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> GgufTokenizer.read(metadata.build()).toTokenizerConfig());
    assertTrue(String.valueOf(e.getMessage()).contains("chat_template.rag"), e.getMessage());
    metadata.remove("tokenizer.chat_templates").putUnsigned("llama.context_length", 4096);
    JsonValue.Obj config =
        GgufTokenizer.read(metadata.putString("general.architecture", "llama").build())
            .toTokenizerConfig();
    assertEquals("one", config.getString("chat_template").orElseThrow());
    assertEquals(4096, config.getInt("model_max_length").orElseThrow());
  }

  @ParameterizedTest
  @ValueSource(strings = {"sentencepiece", "characters", "wordpiece"})
  void strangeMetadataAreRefusedOrUsed(String name) {
    GgufMetadata whole = Vectors.metadata(Vectors.file(name));
    SeededRandom random = new SeededRandom(1201L + name.hashCode());
    List<String> keys = List.copyOf(whole.keys());
    List<GgufValue> strange =
        List.of(
            new GgufValue.Text("gpt2"),
            new GgufValue.Text(""),
            new GgufValue.Flag(true),
            new GgufValue.Texts(List.of("", "a b", "<0x00>")),
            GgufMetadata.builder().putFloat("x", Float.NaN).build().find("x").orElseThrow(),
            GgufMetadata.builder().putUnsigned("x", 4294967295L).build().find("x").orElseThrow(),
            GgufMetadata.builder().putInts("x", new int[] {-1, 7}).build().find("x").orElseThrow());
    int refused = 0;
    for (int i = 0; i < 150; i++) {
      GgufMetadata.Builder changed = whole.toBuilder();
      List<String> touched = new ArrayList<>();
      for (int j = random.nextInt(1, 3); j > 0; j--) {
        String key = keys.get(random.nextInt(0, keys.size()));
        touched.add(key);
        if (random.nextInt(0, 3) == 0) {
          changed.remove(key);
        } else {
          changed.put(key, strange.get(random.nextInt(0, strange.size())));
        }
      }
      try {
        GgufTokenizer tokenizer = GgufTokenizer.read(changed.build());
        tokenizer.toTokenizerConfig();
        tokenizer.endTokens();
        TokenizerFile.of(tokenizer.toTokenizerJson()).vocabularySize();
      } catch (IllegalArgumentException e) {
        refused++;
      } catch (RuntimeException e) {
        throw new AssertionError(random + ", " + touched, e);
      }
    }
    assertTrue(refused > 30, "refused " + refused);
  }
}
