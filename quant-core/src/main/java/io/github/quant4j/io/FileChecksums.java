// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.zip.CRC32C;

/**
 * The checksums of the files beside the weights (configuration, tokenizer, report), in a file of
 * their own that other tools pass over. Weights have theirs in their headers.
 *
 * <pre>{@code
 * {"version": 1, "files": {"config.json": {"bytes": 812, "crc32c": "1c291ca3"}}}
 * }</pre>
 */
public final class FileChecksums {
  /** The name of the file that holds them. */
  public static final String FILE = "quant4j-checksums.json";

  private static final int VERSION = 1;
  private static final String VERSION_MEMBER = "version";
  private static final String FILES = "files";
  private static final String BYTES = "bytes";
  private static final String CRC = "crc32c";
  private static final int MOST_BYTES = 1 << 20;
  private static final int BUFFER = 1 << 16;

  private FileChecksums() {}

  /** The size and the CRC-32C of a file. */
  record Sum(long bytes, String crc) {
    static Sum of(Path file) throws IOException {
      CRC32C crc = new CRC32C();
      long bytes = 0;
      byte[] buffer = new byte[BUFFER];
      try (InputStream in = Files.newInputStream(file)) {
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
          crc.update(buffer, 0, count);
          bytes += count;
        }
      }
      return new Sum(bytes, Checksums.hex(crc));
    }
  }

  static String toJson(SortedMap<String, Sum> sums) {
    SequencedMap<String, Object> files = new LinkedHashMap<>();
    sums.forEach(
        (name, sum) -> {
          SequencedMap<String, Object> entry = new LinkedHashMap<>();
          entry.put(BYTES, sum.bytes);
          entry.put(CRC, sum.crc);
          files.put(name, entry);
        });
    SequencedMap<String, Object> object = new LinkedHashMap<>();
    object.put(VERSION_MEMBER, VERSION);
    object.put(FILES, files);
    return JsonWriter.pretty(JsonValue.of(object));
  }

  /**
   * Holds the files of a directory against their checksums. Reads all of them.
   *
   * @param directory a model's directory
   * @return one line for each file that is missing or not what was written; empty if there is none,
   *     or the directory has no checksums
   * @throws IOException if reading fails
   */
  public static List<String> problems(Path directory) throws IOException {
    Path list = directory.resolve(FILE);
    if (!Files.exists(list)) {
      return List.of();
    }
    if (!Files.isRegularFile(list) || Files.size(list) > MOST_BYTES) {
      return List.of(FILE + ": expected a file of at most " + MOST_BYTES + " bytes");
    }
    List<String> problems = new ArrayList<>();
    try {
      JsonValue.Obj object = JsonParser.parseObject(Files.readAllBytes(list));
      if (object.getInt(VERSION_MEMBER).orElse(0) != VERSION) {
        throw new JsonException("'version' is not " + VERSION);
      }
      JsonValue.Obj files =
          object.getObject(FILES).orElseThrow(() -> new JsonException("'files' is missing"));
      for (Map.Entry<String, JsonValue> file : files.members().entrySet()) {
        if (!(file.getValue() instanceof JsonValue.Obj entry)) {
          throw new JsonException("'" + file.getKey() + "': expected an object");
        }
        compare(directory, file.getKey(), entry, problems);
      }
    } catch (JsonException e) {
      problems.add(FILE + ": " + e.getMessage());
    }
    return List.copyOf(problems);
  }

  private static void compare(
      Path directory, String name, JsonValue.Obj entry, List<String> problems) throws IOException {
    int bytes = entry.getInt(BYTES).orElse(-1);
    String crc = entry.getString(CRC).orElse("");
    Path file;
    try {
      file = directory.resolve(name);
    } catch (InvalidPathException e) {
      problems.add(FILE + ": '" + name + "' is no file name: " + e.getReason());
      return;
    }
    if (name.contains("/") || name.contains("\\") || name.startsWith(".")) {
      problems.add(FILE + ": '" + name + "', expected the plain name of a file");
    } else if (!Files.isRegularFile(file)) {
      problems.add(name + ": missing, but " + FILE + " has its checksum");
    } else if (Files.size(file) != bytes || !Sum.of(file).crc.equals(crc)) {
      problems.add(name + ": not what was written: its checksum differs from the one in " + FILE);
    }
  }
}
