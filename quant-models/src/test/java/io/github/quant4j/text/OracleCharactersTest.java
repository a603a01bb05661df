// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.text.unicode.ByteAlphabet;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * What normalizers, pre-tokenizers and expressions know of the assigned characters, against the
 * oracle. Ideographs come by samples, since they are all alike; so do, outside of the conformance
 * tests, all characters above U+07FF.
 */
class OracleCharactersTest {
  /** One in so many; prime to the sizes of Unicode's blocks. */
  private static final int SAMPLE = 11;

  static final List<String> NORMALIZERS =
      List.of("NFC", "NFD", "NFKC", "NFKD", "Lowercase", "StripAccents", "Nmt", "BertNormalizer");
  static final List<String> PRE_TOKENIZERS =
      List.of("Whitespace", "WhitespaceSplit", "Punctuation", "Digits", "BertPreTokenizer");
  static final List<String> EXPRESSIONS =
      List.of(
          "\\s",
          "\\w",
          "\\d",
          "\\p{L}",
          "\\p{N}",
          "\\p{M}",
          "\\p{P}",
          "\\p{S}",
          "\\p{Lu}",
          "\\p{Ll}",
          "\\p{Lt}",
          "\\p{Lm}",
          "\\p{Lo}",
          "\\p{Alphabetic}",
          "[^\\s\\p{L}\\p{N}]",
          "(?i:[a-z])",
          "[\\w]");

  @BeforeAll
  static void requireOracle() {
    HuggingFaceOracle.assumeAvailable();
  }

  @ParameterizedTest
  @FieldSource("NORMALIZERS")
  void normalizersKnowTheSameCharacters(String type) {
    normalizers(type, SAMPLE);
  }

  @ParameterizedTest
  @Tag("conformance")
  @FieldSource("NORMALIZERS")
  void normalizersKnowAllCharacters(String type) {
    normalizers(type, 1);
  }

  private static void normalizers(String type, int step) {
    Map<String, Object> file = byteFile();
    Map<String, Object> normalizer = Json.type(type);
    if (type.equals("BertNormalizer")) {
      normalizer.putAll(
          Map.of("clean_text", true, "handle_chinese_chars", true, "lowercase", true));
    }
    file.put("normalizer", normalizer);
    compareCharacters(
        step, file, codePoint -> "x" + codePoint + "\u0323\u0301x" + codePoint + "\u0334\u0345 ");
  }

  @ParameterizedTest
  @FieldSource("PRE_TOKENIZERS")
  void preTokenizersKnowTheSameCharacters(String type) {
    preTokenizers(type, SAMPLE);
  }

  @ParameterizedTest
  @Tag("conformance")
  @FieldSource("PRE_TOKENIZERS")
  void preTokenizersKnowAllCharacters(String type) {
    preTokenizers(type, 1);
  }

  private static void preTokenizers(String type, int step) {
    Map<String, Object> file = byteFile();
    Map<String, Object> preTokenizer = Json.type(type);
    if (type.equals("Digits")) {
      preTokenizer.put("individual_digits", true);
    }
    file.put("pre_tokenizer", Json.preTokenizers(preTokenizer, Json.byteLevel(true, false)));
    compareCharacters(step, file, codePoint -> "x" + codePoint + "x");
  }

  @ParameterizedTest
  @FieldSource("EXPRESSIONS")
  void expressionsKnowTheSameCharacters(String expression) {
    expressions(expression, SAMPLE);
  }

  @ParameterizedTest
  @Tag("conformance")
  @FieldSource("EXPRESSIONS")
  void expressionsKnowAllCharacters(String expression) {
    expressions(expression, 1);
  }

  private static void expressions(String expression, int step) {
    Map<String, Object> file = byteFile();
    file.put(
        "pre_tokenizer",
        Json.preTokenizers(Json.split(expression, "Isolated", false), Json.byteLevel(true, false)));
    compareCharacters(step, file, codePoint -> "\u0000" + codePoint + "\u0000");
  }

  private static void compareCharacters(
      int step, Map<String, Object> file, UnaryOperator<String> context) {
    byte[] bytes = Json.bytes(file);
    Tokenizer tokenizer = TokenizerFile.parse(bytes);
    List<String> contexts = new ArrayList<>();
    for (int codePoint = 0;
        codePoint <= Character.MAX_CODE_POINT;
        codePoint += codePoint < 0x800 ? 1 : step) {
      int type = Character.getType(codePoint);
      boolean ideograph =
          Character.isIdeographic(codePoint) && codePoint > 0x3400 && codePoint % 64 != 0;
      if (type != Character.UNASSIGNED
          && type != Character.PRIVATE_USE
          && type != Character.SURROGATE
          && !ideograph) {
        contexts.add(context.apply(Character.toString(codePoint)));
      }
    }
    assertTrue(contexts.size() > 5_000, "characters: " + contexts.size());
    try (HuggingFaceOracle oracle = HuggingFaceOracle.parse(bytes)) {
      int batch = 256;
      for (int i = 0; i < contexts.size(); i += batch) {
        List<String> part = contexts.subList(i, Math.min(i + batch, contexts.size()));
        String all = String.join("", part);
        int[] expected = oracle.encode(all, false);
        assertArrayEquals(
            expected,
            tokenizer.encode(all, false),
            () ->
                "batch at '"
                    + part.getFirst()
                    + "' U+"
                    + part.getFirst().codePoints().boxed().toList());
      }
    }
  }

  /** The 256 bytes as tokens, so that nothing of a text is lost. */
  private static Map<String, Object> byteFile() {
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (char c = 0; c < 0x144; c++) {
      if (ByteAlphabet.byteOf(c) >= 0) {
        vocabulary.put(Character.toString(c), vocabulary.size());
      }
    }
    Map<String, Object> file = Json.file(Json.bytePairModel(vocabulary, List.of()));
    file.put("pre_tokenizer", Json.byteLevel(false, false));
    return file;
  }
}
