// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.zip.CRC32C;

/**
 * A small file beside another one of a run's state, that says which run wrote that and what is in
 * it: its size and the CRC-32C of all of its bytes. The other file's own checksums are of the data
 * of tensors, and leave out their names and shapes and the reports.
 */
final class FileSeal {
  private static final int BUFFER = 1 << 16;

  private FileSeal() {}

  private static Path beside(Path file) {
    return file.resolveSibling(file.getFileName() + ".seal");
  }

  /** Seals a file that is complete. */
  static void write(Path file, String run) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".seal.tmp");
    Files.writeString(temporary, expected(file, run));
    Files.move(temporary, beside(file), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Breaks a file's seal, if there is one. */
  static void remove(Path file) throws IOException {
    Files.deleteIfExists(beside(file));
  }

  /** What is wrong with a file by its seal; empty if it is what a run has written. */
  static Optional<String> problem(Path file, String run) throws IOException {
    String expected = expected(file, run);
    String found;
    try {
      JsonValue.Obj seal = JsonParser.parseObject(Files.readAllBytes(beside(file)));
      found = JsonWriter.compact(seal);
      if (seal.getString("run").filter(run::equals).isEmpty()) {
        return Optional.of("is not of this run");
      }
    } catch (NoSuchFileException _) {
      return Optional.of("is not sealed, so it may not be complete");
    } catch (JsonException e) {
      return Optional.of("its seal is damaged: " + e.getMessage());
    }
    return found.equals(expected)
        ? Optional.empty()
        : Optional.of("damaged: its bytes are not those that were written");
  }

  /**
   * Holds a file against its seal.
   *
   * @throws TensorFileException if they do not go together, or are another run's
   */
  static void require(Path file, String run) throws IOException {
    Optional<String> problem = problem(file, run);
    if (problem.isPresent()) {
      throw damaged(file, problem.get());
    }
  }

  private static String expected(Path file, String run) throws IOException {
    CRC32C checksum = new CRC32C();
    byte[] buffer = new byte[BUFFER];
    long bytes = 0;
    try (InputStream input = Files.newInputStream(file)) {
      for (int count = input.read(buffer); count >= 0; count = input.read(buffer)) {
        checksum.update(buffer, 0, count);
        bytes += count;
      }
    }
    SequencedMap<String, Object> seal = new LinkedHashMap<>();
    seal.put("run", run);
    seal.put("bytes", bytes);
    seal.put("crc32c", HexFormat.of().toHexDigits((int) checksum.getValue()));
    return JsonWriter.compact(JsonValue.of(seal));
  }

  /** What is thrown of a file that is found to be damaged after the start of a run. */
  static TensorFileException damaged(Path file, String problem) {
    return new TensorFileException(
        file, problem + "; resume the run, which does this again, or delete " + file.getParent());
  }
}
