// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tiny models of every family against the logits of the reference implementation. */
@Tag("conformance")
class FamiliesConformanceTest {
  /** The reference keeps keys that were turned for a shorter text. */
  private static final String LENGTH_DEPENDENT = "llama-rope-dynamic";

  static List<Path> configurations() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.path("fixtures/families"))) {
      return folders
          .filter(Files::isDirectory)
          .flatMap(
              folder ->
                  Stream.of("config.json", "config-classic.json")
                      .map(folder::resolve)
                      .filter(Files::exists))
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
    if (!configuration.toString().contains(LENGTH_DEPENDENT)) {
      new ReferenceModel(configuration).checkSteps();
    }
  }
}
