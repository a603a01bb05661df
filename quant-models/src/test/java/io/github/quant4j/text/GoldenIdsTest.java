// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Ids that Hugging Face's code made, kept in a file, so that they are checked where that code
 * cannot run as well.
 */
class GoldenIdsTest {
  private static final List<String> TEXTS =
      List.of(
          "",
          " ",
          "Hello world, hello tokenizer!",
          "The old captain's harbour  was quiet.\n\n\tHe'd seen 1234567 storms, WE'LL see.\r\n ",
          "naïve café e\u0301 ﬁn straße İstanbul Ⅷ ½ 3.14",
          "привет мир שלום مرحبا नमस्ते こんにちは 漢字 안녕하세요",
          "👨‍👩‍👧‍👦 👍🏽 🇫🇷 ❤️ \u0000\u0001\u007F\uFFFD\uFEFF",
          "<s>one</s> <|endoftext|>two<|im_start|> <mask> <tool_call>x<tool>  y word sword",
          "\u00A0\u2003\u3000 \u2028a\u0085b▁c");

  private static JsonValue golden() throws IOException {
    try (InputStream in = GoldenIdsTest.class.getResourceAsStream("golden-ids.json")) {
      assertNotNull(in, "golden-ids.json");
      return JsonParser.parse(in.readAllBytes());
    }
  }

  @ParameterizedTest
  @EnumSource
  void idsAndTextsAreThoseOfTheFile(Families family) throws IOException {
    Tokenizer tokenizer = TokenizerFile.parse(family.bytes());
    List<JsonValue> cases = ((JsonValue.Obj) golden()).getArray(family.name()).orElseThrow();
    assertEquals(2 * TEXTS.size(), cases.size());
    for (JsonValue value : cases) {
      JsonValue.Obj expected = (JsonValue.Obj) value;
      String text = expected.getString("text").orElseThrow();
      boolean special = expected.getBoolean("special").orElseThrow();
      int[] ids =
          expected.getArray("ids").orElseThrow().stream()
              .mapToInt(id -> (int) ((JsonValue.Num) id).asLong())
              .toArray();
      assertArrayEquals(ids, tokenizer.encode(text, special), text);
      assertEquals(
          expected.getString("decoded").orElseThrow(), tokenizer.decode(ids, special), text);
    }
  }

  /** If this fails because the families changed, {@code target/golden-ids.json} is the new file. */
  @Test
  void theFileIsWhatTheOracleSays() throws IOException {
    HuggingFaceOracle.assumeAvailable();
    Map<String, Object> all = new LinkedHashMap<>();
    for (Families family : Families.values()) {
      List<Object> cases = new ArrayList<>();
      try (HuggingFaceOracle oracle = HuggingFaceOracle.parse(family.bytes())) {
        for (String text : TEXTS) {
          for (boolean special : new boolean[] {false, true}) {
            int[] ids = oracle.encode(text, special);
            cases.add(
                Json.object(
                    "text",
                    text,
                    "special",
                    special,
                    "ids",
                    Arrays.stream(ids).boxed().toList(),
                    "decoded",
                    // The oracle aborts where a decoder of suffixes gets no token at all.
                    ids.length == 0 ? "" : oracle.decode(ids, special)));
          }
        }
      }
      all.put(family.name(), cases);
    }
    JsonValue made = JsonValue.of(all);
    Files.write(
        Path.of("target", "golden-ids.json"),
        lines(JsonWriter.compact(made)).getBytes(StandardCharsets.UTF_8));
    assertEquals(golden(), made);
  }

  /** One case per line. */
  private static String lines(String json) {
    return json.replace("{\"text\"", "\n{\"text\"") + "\n";
  }
}
