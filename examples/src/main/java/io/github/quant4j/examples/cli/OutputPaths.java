// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Checks where output is to go, before the work rather than after it. */
final class OutputPaths {
  private OutputPaths() {}

  /** The folder of a file must be there, and no folder in its place. */
  static void requireFile(String option, Path file) {
    if (Files.isDirectory(file)) {
      throw new UsageException(option + ": " + file + " is a directory; expected a file");
    }
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null && !Files.isDirectory(parent)) {
      throw problem(option, file, parent);
    }
  }

  /** Folders above a directory are made, but not in the place of a file. */
  static void requireDirectories(String option, Path directory) {
    Path parent = directory.toAbsolutePath().getParent();
    while (parent != null && !Files.exists(parent)) {
      parent = parent.getParent();
    }
    if (parent != null && !Files.isDirectory(parent)) {
      throw problem(option, directory, parent);
    }
  }

  private static UsageException problem(String option, Path path, Path parent) {
    return new UsageException(
        option + ": " + path + ", but " + parent + " is not a directory; expected one");
  }
}
