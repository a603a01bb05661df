// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtectedInputsTest {
  @TempDir Path folder;

  /** A model whose weights are a link into a store, a text, and links to all of it. */
  @BeforeEach
  void makeInputs() throws IOException {
    Files.createDirectories(folder.resolve("family/base"));
    Files.createDirectories(folder.resolve("store/blobs"));
    Files.writeString(folder.resolve("family/base/config.json"), "{}");
    Files.writeString(folder.resolve("store/blobs/1234"), "weights");
    Files.createSymbolicLink(
        folder.resolve("family/base/model.safetensors"), folder.resolve("store/blobs/1234"));
    Files.createDirectory(folder.resolve("texts"));
    Files.writeString(folder.resolve("texts/a.txt"), "text");
    Files.createSymbolicLink(folder.resolve("link"), folder.resolve("family"));
    Files.createSymbolicLink(folder.resolve("text.txt"), folder.resolve("texts/a.txt"));
  }

  private ProtectedInputs inputs(Path model) throws IOException {
    return ProtectedInputs.of(List.of(model, folder.resolve("text.txt")));
  }

  @ParameterizedTest
  @CsvSource({
    "family/base, is the input",
    "link/base, is the input",
    "link/x/../base/., is the input",
    "family, contains the input",
    "link, contains the input",
    "., contains the input",
    "store, contains the input",
    "store/blobs, contains the input",
    "texts, contains the input",
  })
  void directoriesThatWouldReplaceAnInputAreRefused(String target, String part) throws IOException {
    for (String model : List.of("family/base", "link/base")) {
      OutputException e =
          assertThrows(
              OutputException.class,
              () ->
                  inputs(folder.resolve(model)).requireApartFromDirectory(folder.resolve(target)));
      assertTrue(e.getMessage().contains("the output " + part), e.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "family/base/config.json",
        "family/base/new.safetensors",
        "link/base/new",
        "store/blobs/1234",
        "texts/a.txt",
        "text.txt"
      })
  void filesThatWouldReplaceAnInputAreRefused(String target) throws IOException {
    ProtectedInputs inputs = inputs(folder.resolve("family/base"));
    OutputException e =
        assertThrows(
            OutputException.class, () -> inputs.requireApartFromFile(folder.resolve(target)));
    assertTrue(e.getMessage().contains("choose another place"), e.getMessage());
  }

  @Test
  void otherPlacesAreFine() throws IOException {
    ProtectedInputs inputs = inputs(folder.resolve("family/base"));
    for (String target : List.of("family/other", "family/base/int4", "texts/x", "new/deep", "f")) {
      assertDoesNotThrow(() -> inputs.requireApartFromDirectory(folder.resolve(target)), target);
    }
    for (String target : List.of("family/x", "family/base/deep/x", "texts/b.txt", "store/x")) {
      assertDoesNotThrow(() -> inputs.requireApartFromFile(folder.resolve(target)), target);
    }
    assertDoesNotThrow(
        () ->
            ProtectedInputs.of(List.of(folder.resolve("nowhere")))
                .requireApartFromDirectory(folder.resolve("out")));
  }
}
