// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Ids and decoded texts against Hugging Face's own code. The seeds are fixed, so a failure repeats;
 * its message has the file or the expression, and the text.
 */
class OracleRandomTest {
  @BeforeAll
  static void requireOracle() {
    HuggingFaceOracle.assumeAvailable();
  }

  @ParameterizedTest
  @EnumSource
  void familiesOfModelsHaveTheSameIds(Families family) {
    compareFamily(family, 20261122L, 200);
  }

  @ParameterizedTest
  @EnumSource
  @Tag("conformance")
  void familiesOfModelsHaveTheSameIdsOnManyTexts(Families family) {
    compareFamily(family, 42L, 6000);
  }

  private static void compareFamily(Families family, long seed, int count) {
    SeededRandom random = new SeededRandom(seed + family.name().hashCode());
    RandomText texts = new RandomText(random);
    byte[] file = family.bytes();
    Tokenizer tokenizer = TokenizerFile.parse(file);
    try (HuggingFaceOracle oracle = HuggingFaceOracle.parse(file)) {
      for (int i = 0; i < count; i++) {
        String message = family + ", " + random + ", text " + i;
        OracleComparison.compare(tokenizer, oracle, texts.next(i % 40 + 1), i % 2 == 0, message);
      }
    }
  }

  @Test
  void randomFilesHaveTheSameIds() {
    compareFiles(0, 120);
  }

  @Test
  @Tag("conformance")
  void manyRandomFilesHaveTheSameIds() {
    compareFiles(120, 4000);
  }

  private static void compareFiles(int from, int to) {
    int refused = 0;
    for (int seed = from; seed < to; seed++) {
      RandomFiles files = new RandomFiles(new SeededRandom(seed));
      byte[] file = Json.bytes(files.file());
      Tokenizer tokenizer;
      try {
        tokenizer = TokenizerFile.parse(file);
      } catch (IllegalArgumentException e) {
        // Such a token is found between any two characters; newer oracles refuse it as well.
        assertTrue(e.getMessage().contains("nothing is left of"), e.getMessage());
        refused++;
        continue;
      }
      try (HuggingFaceOracle oracle = HuggingFaceOracle.parse(file)) {
        for (int i = 0; i < 10; i++) {
          String message = "seed " + seed + ", text " + i;
          OracleComparison.compare(tokenizer, oracle, files.text(i * 20), i % 2 == 0, message);
        }
      }
    }
    assertTrue(refused < (to - from) / 25, "refused " + refused);
  }

  @Test
  void randomIdsHaveTheSameText() {
    for (Families family : Families.values()) {
      SeededRandom random = new SeededRandom(77);
      byte[] file = family.bytes();
      Tokenizer tokenizer = TokenizerFile.parse(file);
      int bound = tokenizer.vocabularySize() + 20;
      try (HuggingFaceOracle oracle = HuggingFaceOracle.parse(file)) {
        for (int i = 0; i < 150; i++) {
          int[] ids =
              IntStream.range(0, random.nextInt(1, 40))
                  .map(_ -> random.nextInt(0, bound))
                  .toArray();
          boolean skip = i % 2 == 0;
          // The oracle aborts where no token is left to the decoder of suffixes.
          if (IntStream.of(ids).anyMatch(id -> tokenizer.tokenOf(id).isPresent())) {
            assertEquals(
                oracle.decode(ids, skip), tokenizer.decode(ids, skip), family + ", case " + i);
          }
        }
      }
    }
  }

  @Test
  void randomExpressionsSplitTheSame() {
    compareExpressions(0, 600);
  }

  @Test
  @Tag("conformance")
  void manyRandomExpressionsSplitTheSame() {
    compareExpressions(600, 20_000);
  }

  private static void compareExpressions(int from, int to) {
    String alphabet = "abcABsSſkK\u212A12  \n\r_éÉe\u0301.-😀漢α²\u2028\t{}]'x\u0345";
    int[] letters = alphabet.codePoints().toArray();
    Map<String, Integer> vocabulary = new LinkedHashMap<>();
    for (int letter : letters) {
      vocabulary.putIfAbsent(Character.toString(letter), vocabulary.size());
      // The last character of a piece is a token of its own, which shows where pieces end.
      vocabulary.putIfAbsent(Character.toString(letter) + "</w>", vocabulary.size());
    }
    int compared = 0;
    int unbounded = 0;
    for (int seed = from; seed < to; seed++) {
      SeededRandom random = new SeededRandom(seed);
      String expression = new RandomRegex(random).next();
      Map<String, Object> model = Json.bytePairModel(vocabulary, List.of());
      model.put("end_of_word_suffix", "</w>");
      Map<String, Object> file = Json.file(model);
      file.put("pre_tokenizer", Json.split(expression, "Isolated", false));
      byte[] bytes = Json.bytes(file);
      Tokenizer tokenizer;
      HuggingFaceOracle oracle;
      try {
        tokenizer = TokenizerFile.parse(bytes);
        oracle = HuggingFaceOracle.parse(bytes);
      } catch (RuntimeException e) {
        // Either may refuse an expression; what counts is that both agree where both accept it.
        continue;
      }
      try (oracle) {
        for (int i = 0; i < 10; i++) {
          StringBuilder text = new StringBuilder();
          int length = random.nextInt(1, 24);
          for (int j = 0; j < length; j++) {
            text.appendCodePoint(letters[random.nextInt(0, letters.length)]);
          }
          int[] found;
          try {
            found = tokenizer.encode(text.toString(), false);
          } catch (IllegalArgumentException e) {
            // A few of so many take exponential time, for which there is a bound.
            assertTrue(e.getMessage().contains("backtracks too much"), e.getMessage());
            unbounded++;
            continue;
          }
          assertArrayEquals(
              oracle.encode(text.toString(), false),
              found,
              "seed " + seed + ", /" + expression + "/ on '" + text + "'");
          compared++;
        }
      }
    }
    assertTrue(compared > (to - from) * 8, "compared " + compared);
    assertTrue(unbounded * 1000 <= compared, "unbounded " + unbounded);
  }
}
