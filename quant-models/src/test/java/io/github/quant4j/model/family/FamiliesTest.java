// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tiny models of some families against the logits of the reference implementation, see {@code
 * quant-models/src/test/resources/families/README.md}.
 */
class FamiliesTest {
  static List<Path> configurations() throws IOException {
    Path root = Path.of(System.getProperty("quant4j.root", ".."));
    try (Stream<Path> folders =
        Files.list(root.resolve("quant-models/src/test/resources/families"))) {
      return folders
          .filter(Files::isDirectory)
          .map(folder -> folder.resolve("config.json"))
          .sorted()
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void logitsAreThoseOfTheReference(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkLogits();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void threadsChangeNothing(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkThreads();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void batchesOfUnequalLengths(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkBatches();
  }

  @ParameterizedTest
  @MethodSource("configurations")
  void tokenByToken(Path configuration) throws IOException {
    new ReferenceModel(configuration).checkSteps();
  }
}
