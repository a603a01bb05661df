// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks before a file is opened, and small JSON files. */
public final class InputFiles {
  private static final long LARGEST_JSON = 100_000_000;

  private InputFiles() {}

  /**
   * Refuses what is not a readable regular file; a pipe or a device could block for ever.
   *
   * @param path the file
   * @param expected what it should be, for messages
   * @throws TensorFileException if it is missing, no regular file, or may not be read
   */
  public static void requireReadableFile(Path path, String expected) throws TensorFileException {
    if (!Files.exists(path)) {
      throw new TensorFileException(path, "no such file, expected " + expected);
    }
    if (!Files.isRegularFile(path)) {
      String found = Files.isDirectory(path) ? "a directory" : "not a regular file";
      throw new TensorFileException(path, found + ", expected " + expected);
    }
    if (!Files.isReadable(path)) {
      throw new TensorFileException(path, "permission to read it is denied");
    }
  }

  static JsonValue.Obj readObject(Path path, String expected) throws IOException {
    requireReadableFile(path, expected);
    long size = Files.size(path);
    if (size > LARGEST_JSON) {
      throw new TensorFileException(
          path, size + " bytes, expected at most " + LARGEST_JSON + " for " + expected);
    }
    try {
      return JsonParser.parseObject(Files.readAllBytes(path));
    } catch (JsonException e) {
      throw new TensorFileException(path, e);
    }
  }
}
