// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextNormalizerTest {
  private static final JsonValue.Obj EXPECTED = read();

  private static JsonValue.Obj read() {
    try (InputStream file =
        Objects.requireNonNull(
            TextNormalizerTest.class.getResourceAsStream("/normalizer/expected.json"))) {
      return JsonParser.parseObject(file.readAllBytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, String> spellings() {
    Map<String, String> spellings = new HashMap<>();
    EXPECTED
        .getObject("spellings")
        .orElseThrow()
        .members()
        .forEach((word, value) -> spellings.put(word, text(value)));
    return spellings;
  }

  private static String text(JsonValue value) {
    return ((JsonValue.Str) value).value();
  }

  /** All differences are told together, column 1 for all languages, column 2 for English. */
  private static void compare(int column, TextNormalizer normalizer) {
    List<String> differences = new ArrayList<>();
    List<JsonValue> cases = EXPECTED.getArray("cases").orElseThrow();
    assertTrue(cases.size() > 700);
    for (JsonValue value : cases) {
      List<JsonValue> texts = ((JsonValue.Arr) value).elements();
      String found = normalizer.normalize(text(texts.getFirst()));
      if (!found.equals(text(texts.get(column)))) {
        differences.add(
            "'"
                + text(texts.getFirst())
                + "' -> '"
                + found
                + "', not '"
                + text(texts.get(column))
                + "'");
      }
    }
    assertEquals(List.of(), differences);
  }

  @Test
  void basicNormalizationIsThatOfTheOracle() {
    compare(1, TextNormalizer.basic());
  }

  @Test
  void englishNormalizationIsThatOfTheOracle() {
    compare(2, TextNormalizer.english(spellings()));
  }

  @Test
  void textsCanStayAsTheyAre() {
    assertEquals(" Ab, c", TextNormalizer.none().normalize(" Ab, c"));
  }

  @Test
  void spellingsComeFromTheModel(@TempDir Path directory) throws IOException {
    assertEquals(Map.of(), SpellingFile.ofModel(directory));
    Path file = directory.resolve("normalizer.json");
    Files.writeString(file, "{\"colour\": \"color\", \"grey\": \"gray\"}");
    assertEquals(Map.of("colour", "color", "grey", "gray"), SpellingFile.ofModel(directory));
    for (String wrong : List.of("{\"a\": 1}", "[]", "{")) {
      Files.writeString(file, wrong);
      String message =
          assertThrows(FileSystemException.class, () -> SpellingFile.ofModel(directory))
              .getMessage();
      assertTrue(message.contains("normalizer.json"), message);
    }
  }
}
