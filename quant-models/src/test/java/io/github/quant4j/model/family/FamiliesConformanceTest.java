// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;

/** Tiny models of every family against the logits of the reference implementation. */
@Tag("conformance")
class FamiliesConformanceTest extends FamilyChecks {
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
}
