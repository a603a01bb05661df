// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * British spellings with the American ones, as a file {@code normalizer.json} of a Whisper model
 * has them: an object such as {@code {"colour": "color"}}.
 */
public final class SpellingFile {
  private static final String NAME = "normalizer.json";
  private static final long MOST_BYTES = 10_000_000;

  private SpellingFile() {}

  /**
   * Reads the file of a model, if it has one.
   *
   * @param directory the model's
   * @return the spellings; none if there is no such file
   * @throws FileSystemException if it is not an object of texts; the message says what was found
   * @throws IOException if it cannot be read
   */
  public static Map<String, String> ofModel(Path directory) throws IOException {
    Path file = directory.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    if (Files.size(file) > MOST_BYTES) {
      throw malformed(file, Files.size(file) + " bytes, expected at most " + MOST_BYTES);
    }
    Map<String, String> spellings = new HashMap<>();
    try {
      JsonValue.Obj json = JsonParser.parseObject(Files.readAllBytes(file));
      json.members()
          .forEach(
              (word, value) -> {
                if (!(value instanceof JsonValue.Str(String spelling))) {
                  throw new JsonException("'" + word + "': expected a string");
                }
                spellings.put(word, spelling);
              });
    } catch (JsonException e) {
      throw malformed(file, "no spellings: " + e.getMessage());
    }
    return spellings;
  }

  private static FileSystemException malformed(Path file, String reason) {
    return new FileSystemException(file.toString(), null, reason);
  }
}
