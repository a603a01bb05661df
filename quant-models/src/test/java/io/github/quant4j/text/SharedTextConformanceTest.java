// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokenizers of real models on whole books and articles, against Hugging Face's own code. */
@Tag("conformance")
class SharedTextConformanceTest {

  @BeforeAll
  static void requireOracle() {
    HuggingFaceOracle.assumeAvailable();
  }

  private static List<Path> texts() throws IOException {
    try (Stream<Path> files = Files.list(SharedData.path("data/text"))) {
      List<Path> texts = files.filter(file -> file.toString().endsWith(".txt")).sorted().toList();
      assertTrue(texts.size() >= 4, "texts: " + texts);
      return texts;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gutenberg-5m", "tiny1m", "stories260k"})
  void wholeTextsAndTheirLinesHaveTheSameIds(String model) throws IOException {
    byte[] file = Files.readAllBytes(SharedData.path("data/models/" + model + "/tokenizer.json"));
    compare(model, file);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"LLAMA3", "QWEN2", "MISTRAL_NEMO", "DEEPSEEK3", "METASPACE_ALWAYS", "GEMMA"})
  void familiesOfModelsHaveTheSameIds(String family) throws IOException {
    compare(family, Families.valueOf(family).bytes());
  }

  private static void compare(String name, byte[] file) throws IOException {
    Tokenizer tokenizer = TokenizerFile.parse(file);
    try (HuggingFaceOracle oracle = HuggingFaceOracle.parse(file)) {
      for (Path path : texts()) {
        String text = Files.readString(path);
        int[] expected = oracle.encode(text, true);
        assertArrayEquals(expected, tokenizer.encode(text, true), name + " on " + path);
        assertEquals(
            oracle.decode(expected, true),
            tokenizer.decode(expected, true),
            name + " back to " + path);
        for (String line : text.lines().toList()) {
          assertArrayEquals(
              oracle.encode(line, false),
              tokenizer.encode(line, false),
              () -> name + " on a line of " + path + ": " + line);
        }
      }
    }
  }
}
