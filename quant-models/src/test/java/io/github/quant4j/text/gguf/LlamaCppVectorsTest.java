// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.Tokenizer;
import io.github.quant4j.text.TokenizerFile;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tokenizers of GGUF files against ids that llama.cpp 0.4.0 gave for the same files. */
class LlamaCppVectorsTest {
  private static final JsonValue.Obj BYTE_PAIRS = Vectors.file("byte-pairs");

  static List<String> names() {
    return List.copyOf(BYTE_PAIRS.getObject("ids").orElseThrow().members().keySet());
  }

  @ParameterizedTest
  @MethodSource("names")
  void textsAreSplitAsThereForEachPreTokenizer(String name) {
    Tokenizer tokenizer = tokenizer(PairVocabulary.metadata(name));
    List<String> texts = Vectors.strings(BYTE_PAIRS.getArray("texts").orElseThrow());
    List<JsonValue> ids = BYTE_PAIRS.getObject("ids").orElseThrow().getArray(name).orElseThrow();
    assertEquals(texts.size(), ids.size());
    for (int i = 0; i < texts.size(); i++) {
      assertArrayEquals(
          Vectors.ints(((JsonValue.Arr) ids.get(i)).elements()),
          tokenizer.encode(texts.get(i), false),
          name + ": '" + texts.get(i) + "'");
    }
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
  void idsAreThoseOfOtherModels(String name) {
    JsonValue.Obj file = Vectors.file(name);
    GgufMetadata metadata = Vectors.metadata(file);
    Tokenizer tokenizer = tokenizer(metadata);
    List<JsonValue> cases = file.getArray("cases").orElseThrow();
    assertTrue(cases.size() > 10, "cases: " + cases.size());
    for (JsonValue value : cases) {
      JsonValue.Obj expected = (JsonValue.Obj) value;
      String text = expected.getString("text").orElseThrow();
      assertArrayEquals(
          Vectors.ints(expected.getArray("ids").orElseThrow()),
          tokenizer.encode(text, false),
          "'" + text + "'");
      assertArrayEquals(
          Vectors.ints(expected.getArray("special").orElseThrow()),
          tokenizer.encode(text, true),
          "'" + text + "' with special tokens");
    }
    assertArrayEquals(
        Vectors.ints(file.getArray("ends").orElseThrow()),
        GgufTokenizer.read(metadata).endTokens());
  }

  /** The vectors have one name for each way to split texts; every other name means one of them. */
  @Test
  void everyNameIsOfOneEntry() {
    Set<String> seen = new HashSet<>();
    Set<String> firsts = new HashSet<>();
    for (PreTokenization entry : PreTokenizations.load().entries()) {
      entry.names().forEach(name -> assertTrue(seen.add(name), name));
      if (!entry.characters()) {
        firsts.add(entry.names().getFirst());
      }
    }
    assertEquals(firsts, Set.copyOf(names()));
    assertTrue(seen.size() > 80, "names: " + seen.size());
  }

  private static Tokenizer tokenizer(GgufMetadata metadata) {
    return TokenizerFile.of(GgufTokenizer.read(metadata).toTokenizerJson());
  }
}
