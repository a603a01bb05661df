// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.text.TokenizerFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizer files on their way into metadata and back. */
class GgufTokenizerWriterTest {
  private static final String SPLIT =
      "{'type':'Split','pattern':{'Regex':'%s'},'behavior':'Isolated','invert':false}";
  private static final String LLAMA3 =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}{1,3}|"
          + " ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+";

  private static JsonValue.Obj json(String text) {
    return JsonParser.parseObject(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A file with a small model of byte pairs; single quotes of the parameters become double. */
  private static JsonValue.Obj file(String preTokenizer, boolean ignoreMerges, String more) {
    return json(
        ("{'pre_tokenizer':%s,'model':{'type':'BPE','ignore_merges':%s,"
                + "'vocab':{'a':0,'b':1,'ab':2},'merges':[['a','b']]}"
                + more
                + "}")
            .formatted("PRE", ignoreMerges)
            .replace('\'', '"')
            .replace("PRE", preTokenizer));
  }

  private static String sequence(String... steps) {
    return "{\"type\":\"Sequence\",\"pretokenizers\":[" + String.join(",", steps) + "]}";
  }

  private static String byteLevel(boolean regex) {
    return "{'type':'ByteLevel','add_prefix_space':false,'trim_offsets':true,'use_regex':%s}"
        .formatted(regex)
        .replace('\'', '"');
  }

  /** An expression is written as JSON, so with two backslashes for one. */
  private static String split(String expression) {
    return SPLIT.replace('\'', '"').replace("%s", expression);
  }

  private static GgufMetadata write(JsonValue.Obj file, GgufTokenizerOptions options) {
    GgufMetadata.Builder out = GgufMetadata.builder();
    GgufTokenizerWriter.write(file, options, out);
    return out.build();
  }

  @Test
  void waysToSplitHaveTheirNames() {
    String digits = "{\"type\":\"Digits\",\"individual_digits\":true}";
    String punctuation = "{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}";
    assertEquals("gpt-2", preOf(byteLevel(true), false));
    assertEquals("smollm", preOf(sequence(digits, byteLevel(true)), false));
    assertEquals("llama-bpe", preOf(sequence(split(LLAMA3), byteLevel(false)), true));
    assertEquals("glm4", preOf(sequence(split(LLAMA3), byteLevel(false)), false));
    assertEquals(
        "qwen2", preOf(sequence(split(LLAMA3.replace("{1,3}", "")), byteLevel(false)), false));
    assertEquals(
        "falcon",
        preOf(
            sequence(
                punctuation,
                byteLevel(true),
                digits.replace("true", "false"),
                split("[0-9][0-9][0-9]")),
            false));
  }

  private static String preOf(String preTokenizer, boolean ignoreMerges) {
    GgufMetadata metadata =
        write(file(preTokenizer, ignoreMerges, ""), GgufTokenizerOptions.none());
    assertEquals("gpt2", metadata.getString(Keys.MODEL).orElseThrow());
    return metadata.getString(Keys.PRE).orElseThrow();
  }

  @Test
  void anUnknownWayToSplitNamesTheNearest() {
    JsonValue.Obj file =
        file(sequence(split(LLAMA3.replace("{1,3}", "{1,4}")), byteLevel(false)), true, "");
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> write(file, GgufTokenizerOptions.none()));
    assertTrue(
        String.valueOf(e.getMessage()).contains("the nearest is 'llama-bpe'"), e.getMessage());
    GgufMetadata named = write(file, GgufTokenizerOptions.none().withPre("llama3"));
    assertEquals("llama3", named.getString(Keys.PRE).orElseThrow());
    assertThrows(
        IllegalArgumentException.class,
        () -> write(file, GgufTokenizerOptions.none().withPre("odd")));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "sentencepiece",
        "sentencepiece-no-prefix",
        "characters",
        "characters-sarvam",
        "wordpiece",
        "wordpiece-cased"
      })
  void metadataComeBackFromTheFileMadeOfThem(String name) {
    GgufMetadata given = Vectors.metadata(Vectors.file(name));
    GgufTokenizer tokenizer = GgufTokenizer.read(given);
    GgufMetadata.Builder out = GgufMetadata.builder();
    List<String> differences =
        GgufTokenizerWriter.write(
            tokenizer.toTokenizerJson(),
            GgufTokenizerOptions.none()
                .withTokenizerConfig(tokenizer.toTokenizerConfig())
                .withVocabularySize(tokenizer.vocabularySize()),
            out);
    assertEquals(List.of(), differences);
    GgufMetadata back = out.build();
    for (String key :
        List.of(
            Keys.MODEL,
            Keys.TOKENS,
            "tokenizer.ggml.bos_token_id",
            "tokenizer.ggml.unknown_token_id",
            "tokenizer.ggml.seperator_token_id")) {
      assertEquals(given.find(key), back.find(key), key);
    }
    assertTypesAlike(given, back);
    assertTokenizeAlike(tokenizer, GgufTokenizer.read(back));
  }

  /**
   * A token that is not used is an ordinary one in a tokenizer file, and the unknown token a
   * special one where the model does not name it.
   */
  private static void assertTypesAlike(GgufMetadata given, GgufMetadata back) {
    int[] expected = given.ints(Keys.TOKEN_TYPE).orElseThrow();
    GgufVocabulary vocabulary = GgufVocabulary.read(given);
    for (int id = 0; id < expected.length; id++) {
      if (vocabulary.type(id) == TokenType.UNUSED) {
        expected[id] = TokenType.NORMAL.code();
      }
      boolean states = given.getString(Keys.MODEL).orElseThrow().equals("llama");
      if (vocabulary.type(id) == TokenType.UNKNOWN && !states) {
        expected[id] = TokenType.CONTROL.code();
      }
    }
    assertArrayEquals(expected, back.ints(Keys.TOKEN_TYPE).orElseThrow());
  }

  private static void assertTokenizeAlike(GgufTokenizer first, GgufTokenizer second) {
    Tokenizer a = TokenizerFile.of(first.toTokenizerJson());
    Tokenizer b = TokenizerFile.of(second.toTokenizerJson());
    SeededRandom random = new SeededRandom(20261201L);
    String alphabet = "abc  \n.é漢<1";
    for (int i = 0; i < 200; i++) {
      StringBuilder text = new StringBuilder();
      for (int j = random.nextInt(1, 40); j > 0; j--) {
        text.append(alphabet.charAt(random.nextInt(0, alphabet.length())));
      }
      assertArrayEquals(
          a.encode(text.toString(), true),
          b.encode(text.toString(), true),
          () -> random + ": '" + text + "'");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama-bpe", "qwen2", "gpt-2", "tekken", "deepseek-v3", "chameleon"})
  void bytePairsComeBack(String pre) {
    GgufMetadata given = PairVocabulary.metadata(pre);
    GgufTokenizer tokenizer = GgufTokenizer.read(given);
    GgufMetadata back =
        write(
            tokenizer.toTokenizerJson(),
            GgufTokenizerOptions.none().withTokenizerConfig(tokenizer.toTokenizerConfig()));
    for (String key : List.of(Keys.MODEL, Keys.PRE, Keys.TOKENS, Keys.TOKEN_TYPE, Keys.MERGES)) {
      assertEquals(given.find(key), back.find(key), key);
    }
  }

  @Test
  void wordsThatScoresJoinButMergesDoNotAreReported() {
    // Here "a bc" stays two tokens; a score for "abc" joins them, too.
    JsonValue.Obj file =
        json(
            """
            {"normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},
             "model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":1,"c":2,"bc":3,"ab":4,
             "abc":5},"merges":["b c","a b","ab c"]}}
            """);
    GgufMetadata.Builder out = GgufMetadata.builder();
    List<String> differences = GgufTokenizerWriter.write(file, GgufTokenizerOptions.none(), out);
    assertEquals(1, differences.size(), differences.toString());
    assertTrue(differences.getFirst().startsWith("1 pairs"), differences.getFirst());
    assertArrayEquals(new int[] {0, 3}, TokenizerFile.of(file).encode("abc", false));
    GgufMetadata metadata = out.putUnsigned("tokenizer.ggml.bos_token_id", 0).build();
    assertArrayEquals(
        new int[] {5},
        TokenizerFile.of(GgufTokenizer.read(metadata).toTokenizerJson()).encode("abc", false));
  }

  @Test
  void fillersMakeUpForMissingTokens() {
    GgufMetadata metadata =
        write(
            file(
                byteLevel(true),
                false,
                ",'added_tokens':[{'id':5,'content':'<x>','special':true},"
                    + "{'id':2,'content':'ab','special':false}]"),
            GgufTokenizerOptions.none().withVocabularySize(8));
    assertEquals(
        List.of("a", "b", "ab", "<x>", "[PAD4]", "[PAD5]", "[PAD6]", "[PAD7]"),
        metadata.strings(Keys.TOKENS).orElseThrow());
    assertArrayEquals(
        new int[] {1, 1, 4, 3, 5, 5, 5, 5}, metadata.ints(Keys.TOKEN_TYPE).orElseThrow());
    assertThrows(
        IllegalArgumentException.class,
        () ->
            write(
                file(byteLevel(true), false, ""),
                GgufTokenizerOptions.none().withVocabularySize(2)));
  }

  @Test
  void endsAndTemplatesAreTakenFromTheOtherFiles() {
    GgufMetadata metadata =
        write(
            file(byteLevel(true), false, ""),
            GgufTokenizerOptions.none()
                .withTokenizerConfig(
                    json(
                        """
                        {"bos_token":{"content":"a"},"eos_token":"b","pad_token":"none such",
                         "chat_template":[{"name":"default","template":"one"},
                         {"name":"tool_use","template":"two"}]}
                        """))
                .withConfig(json("{\"eos_token_id\":[1,2],\"pad_token_id\":0}")));
    assertEquals(0, metadata.getInt("tokenizer.ggml.bos_token_id").orElseThrow());
    assertEquals(1, metadata.getInt("tokenizer.ggml.eos_token_id").orElseThrow());
    assertEquals(2, metadata.getInt("tokenizer.ggml.eot_token_id").orElseThrow());
    assertEquals(0, metadata.getInt("tokenizer.ggml.padding_token_id").orElseThrow());
    assertEquals("one", metadata.getString("tokenizer.chat_template").orElseThrow());
    assertEquals("two", metadata.getString("tokenizer.chat_template.tool_use").orElseThrow());
    GgufTokenizer tokenizer = GgufTokenizer.read(metadata);
    assertArrayEquals(new int[] {1, 2}, tokenizer.endTokens());
    JsonValue.Obj config = tokenizer.toTokenizerConfig();
    assertEquals("a", config.getString("bos_token").orElseThrow());
    assertEquals(2, config.getArray("chat_template").orElseThrow().size());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'model':{'type':'Unigram','vocab':[]}}|model.type: the model 'Unigram' cannot be written",
        "{'model':{'vocab':{'a':99999999},'merges':[]}}|model.vocab.a: 99999999",
        "{'model':{'vocab':{'a':0},'merges':[]}}|model.byte_fallback: expected true",
        "{'model':{'byte_fallback':true,'vocab':{'a':0},'merges':[]}}|normalizer: expected one",
        "{'model':{'end_of_word_suffix':'</w>','vocab':{'a':0},'merges':[]}}"
            + "|model.end_of_word_suffix",
        "{'normalizer':{'type':'Lowercase'},'pre_tokenizer':{'type':'ByteLevel',"
            + "'add_prefix_space':false},'model':{'vocab':{'a':0},'merges':[]}}"
            + "|normalizer.type: the normalizer 'Lowercase' has no counterpart",
        "{'pre_tokenizer':{'type':'ByteLevel','add_prefix_space':true},"
            + "'model':{'vocab':{'a':0},'merges':[]}}|pre_tokenizer.add_prefix_space",
        "{'pre_tokenizer':{'type':'BertPreTokenizer'},'normalizer':{'type':'BertNormalizer',"
            + "'clean_text':false},'model':{'type':'WordPiece','vocab':{'a':0}}}"
            + "|normalizer.clean_text",
      })
  void whatHasNoCounterpartIsRefused(String file, String expected) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> write(json(file.replace('\'', '"')), GgufTokenizerOptions.none()));
    assertTrue(
        String.valueOf(e.getMessage()).startsWith(expected), e.getMessage() + " lacks " + expected);
  }
}
