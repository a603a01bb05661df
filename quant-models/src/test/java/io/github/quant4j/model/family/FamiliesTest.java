// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tiny models of some families against the logits of the reference implementation, see {@code
 * quant-models/src/test/resources/families/README.md}.
 */
class FamiliesTest extends FamilyChecks {
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
}
