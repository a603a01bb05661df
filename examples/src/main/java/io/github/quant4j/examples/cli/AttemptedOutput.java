// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.OutputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A model directory of which several are tried in a hidden place beside it. Only one that was kept
 * appears, and not before {@link #commit()}; what was there stays until then.
 */
final class AttemptedOutput implements AutoCloseable {
  private final OutputDirectory output;
  private final Path attempt;
  private final List<Path> kept = new ArrayList<>();

  private AttemptedOutput(OutputDirectory output, Path attempt) {
    this.output = output;
    this.attempt = attempt;
  }

  static AttemptedOutput create(Path target, boolean overwrite) throws OutputException {
    OutputDirectory output = OutputDirectory.create(target, overwrite);
    // The same each time, so that an unfinished run is found again.
    String name = "." + output.target().getFileName() + ".quant4j-attempt";
    return new AttemptedOutput(output, output.target().resolveSibling(name));
  }

  /** Where to save the next attempt, in place of the one before. */
  Path attempt() {
    return attempt;
  }

  /** Takes the attempt, in place of one that was taken before. */
  void keep() throws IOException {
    for (Path file : kept) {
      Files.delete(file);
    }
    kept.clear();
    try (Stream<Path> files = Files.list(attempt)) {
      for (Path file : files.toList()) {
        Path to = output.resolve(String.valueOf(file.getFileName()));
        Files.move(file, to, StandardCopyOption.ATOMIC_MOVE);
        kept.add(to);
      }
    }
  }

  /** Lets what was kept appear. */
  void commit() throws OutputException {
    output.commit();
  }

  @Override
  public void close() throws IOException {
    try (output) {
      new TemporaryDirectory(attempt).close();
    }
  }
}
