// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokenizer of BERT with the variants of its normalizer, against what Hugging Face's gives. */
@Tag("conformance")
class WordPieceConformanceTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bert-uncased",
        "bert-strip-accents-false",
        "bert-cased-keep-accents",
        "bert-cased-strip-accents",
        "bert-no-chinese",
        "bert-no-clean-text"
      })
  void idsAndTextsAreThoseOfTheLibrary(String name) throws IOException {
    JsonValue.Obj golden = object(name + ".golden.json");
    JsonValue.Obj file = object(golden.getString("file").orElseThrow());
    Tokenizer tokenizer =
        TokenizerFile.parse(
            JsonWriter.compact(
                    golden.getObject("normalizer_changes").map(c -> changed(file, c)).orElse(file))
                .getBytes(StandardCharsets.UTF_8));
    List<JsonValue> cases = golden.getArray("cases").orElseThrow();
    assertTrue(cases.size() > 100, "cases: " + cases.size());
    for (JsonValue value : cases) {
      JsonValue.Obj expected = (JsonValue.Obj) value;
      String text =
          expected.getString("java_text").or(() -> expected.getString("text")).orElseThrow();
      int[] ids = ids(expected);
      assertArrayEquals(ids, tokenizer.encode(text, false), text);
      assertArrayEquals(
          ids(expected.getObject("with_special").orElseThrow()),
          tokenizer.encode(text, true),
          text);
      assertEquals(expected.getString("decoded").orElseThrow(), tokenizer.decode(ids, false), text);
    }
  }

  private static JsonValue.Obj object(String name) throws IOException {
    return JsonParser.parseObject(
        Files.readAllBytes(SharedData.path("fixtures/tokenizers/" + name)));
  }

  private static JsonValue.Obj changed(JsonValue.Obj file, JsonValue.Obj changes) {
    SequencedMap<String, JsonValue> normalizer =
        new LinkedHashMap<>(file.getObject("normalizer").orElseThrow().members());
    normalizer.putAll(changes.members());
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>(file.members());
    members.put("normalizer", new JsonValue.Obj(normalizer));
    return new JsonValue.Obj(members);
  }

  private static int[] ids(JsonValue.Obj expected) {
    return expected.getArray("ids").orElseThrow().stream()
        .mapToInt(id -> (int) ((JsonValue.Num) id).asLong())
        .toArray();
  }
}
