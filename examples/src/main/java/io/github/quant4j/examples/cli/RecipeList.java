// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A file with a recipe on each line. */
final class RecipeList {
  private RecipeList() {}

  /** The lines, without what follows a #, and without those that are empty then. */
  static List<String> read(Path file) throws IOException {
    return TextFile.read(file)
        .lines()
        .map(line -> line.replaceFirst("#.*", "").trim())
        .filter(line -> !line.isEmpty())
        .toList();
  }
}
