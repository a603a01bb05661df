// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.json;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "[]",
        "[1,2.5,-0,1e3,-1.5E-7]",
        "{\"a\":{\"b\":[true,false,null]}}",
        "\"\"",
        "\"é😀\"",
        "\"\\u0001\\n\"",
        "{\"\":0}"
      })
  void compactTextSurvivesARoundTrip(String text) {
    String written = JsonWriter.compact(JsonParser.parse(text));
    assertEquals(text, written);
    assertEquals(
        JsonParser.parse(text), JsonParser.parse(JsonWriter.pretty(JsonParser.parse(text))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\":1,\"a\":2}",
        "{a:1}",
        "01",
        "1.",
        ".5",
        "-",
        "1e",
        "tru",
        "nul",
        "\"",
        "\"\\x\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "[1] 2",
        "{\"a\" 1}",
        "+1",
        "NaN",
        "\"\\u00\""
      })
  void malformedTextIsRefusedWithAPosition(String text) {
    JsonException e = assertThrows(JsonException.class, () -> JsonParser.parse(text));
    assertTrue(e.getMessage().startsWith("at character "), e.getMessage());
  }

  @Test
  void deepNestingIsRefusedWithoutOverflow() {
    String deep = "[".repeat(1_000_000);
    assertThrows(JsonException.class, () -> JsonParser.parse(deep));
    String fine = "[".repeat(150) + "]".repeat(150);
    assertEquals(fine, JsonWriter.compact(JsonParser.parse(fine)));
  }

  @Test
  void invalidUtf8IsRefused() {
    assertThrows(JsonException.class, () -> JsonParser.parse(new byte[] {'"', (byte) 0xff, '"'}));
  }

  @Test
  void typedAccessNamesTheMember() {
    JsonValue.Obj object =
        JsonParser.parseObject(
            "{\"n\":12,\"big\":3000000000,\"s\":\"x\",\"none\":null,\"f\":1e999999999}"
                .getBytes(StandardCharsets.UTF_8));
    assertEquals(12, object.getInt("n").orElseThrow());
    assertTrue(object.getInt("none").isEmpty());
    assertTrue(object.getInt("absent").isEmpty());
    assertTrue(
        assertThrows(JsonException.class, () -> object.getInt("s")).getMessage().contains("'s'"));
    assertThrows(JsonException.class, () -> object.getInt("big"));
    assertThrows(JsonException.class, () -> object.getInt("f"));
  }

  @Test
  void plainValuesBecomeJson() {
    assertEquals(
        "{\"a\":[1,2.5,\"x\",true,null]}",
        JsonWriter.compact(
            JsonValue.of(Map.of("a", java.util.Arrays.asList(1, 2.5, "x", true, null)))));
    assertThrows(IllegalArgumentException.class, () -> JsonValue.of(Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> JsonValue.of(List.of(new Object())));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void damagedTextNeverBreaksTheParser(long seed) {
    SeededRandom random = new SeededRandom(seed);
    String base = "{\"model.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"x\":[0,-1.5e3]}}";
    for (int i = 0; i < 5_000; i++) {
      StringBuilder text = new StringBuilder(base);
      for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
        text.setCharAt(random.nextInt(0, text.length()), (char) random.nextInt(1, 128));
      }
      try {
        JsonValue value = JsonParser.parse(text.toString());
        assertEquals(value, JsonParser.parse(JsonWriter.compact(value)), random::toString);
      } catch (JsonException e) {
        assertTrue(e.getMessage().length() > 10, random::toString);
      }
    }
  }
}
