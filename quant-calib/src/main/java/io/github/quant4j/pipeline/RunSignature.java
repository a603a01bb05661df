// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * What a run depends on, by the name of the thing, and a number that tells runs apart.
 *
 * @param parts in an order that does not change
 * @param id hexadecimal digits of the SHA-256 of the parts
 */
public record RunSignature(SequencedMap<String, String> parts, String id) {
  private static final String FILE = "run.json";
  private static final String PARTS = "depends_on";
  private static final String ID = "id";

  /** Copies the parts. */
  public RunSignature {
    parts = Collections.unmodifiableSequencedMap(new LinkedHashMap<>(parts));
  }

  /**
   * The signature of some parts.
   *
   * @param parts in an order that does not change
   * @return with their number
   */
  public static RunSignature of(SequencedMap<String, String> parts) {
    String text = JsonWriter.compact(JsonValue.of(parts));
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return new RunSignature(parts, HexFormat.of().formatHex(digest));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Whether a directory holds one. */
  static boolean isIn(Path directory) {
    return Files.exists(directory.resolve(FILE), LinkOption.NOFOLLOW_LINKS);
  }

  void write(Path directory) throws IOException {
    SequencedMap<String, Object> members = new LinkedHashMap<>();
    members.put(ID, id);
    members.put(PARTS, parts);
    Path temporary = directory.resolve(FILE + ".tmp");
    Files.writeString(temporary, JsonWriter.pretty(JsonValue.of(members)));
    Files.move(temporary, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Requires that a directory holds the same.
   *
   * @throws PlanException if it holds another; the message names what differs
   * @throws TensorFileException if what it holds is damaged
   */
  void requireSame(Path directory) throws IOException {
    RunSignature stored = read(directory);
    List<String> differences = new ArrayList<>();
    for (Map.Entry<String, String> part : parts.entrySet()) {
      String before = stored.parts.getOrDefault(part.getKey(), "");
      if (!before.equals(part.getValue())) {
        differences.add(
            "the unfinished run has another "
                + part.getKey()
                + ": "
                + before
                + ", now: "
                + part.getValue());
      }
    }
    if (differences.isEmpty() && !stored.id.equals(id)) {
      differences.add("the unfinished run is that of another version of this program");
    }
    if (!differences.isEmpty()) {
      differences.add(
          "take up the run as it was, or start anew without resuming, which deletes " + directory);
      throw new PlanException(differences);
    }
  }

  private static RunSignature read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    try {
      JsonValue.Obj members = JsonParser.parseObject(Files.readAllBytes(file));
      SequencedMap<String, String> parts = new LinkedHashMap<>();
      members
          .getObject(PARTS)
          .orElseThrow(() -> new JsonException("'" + PARTS + "' is missing"))
          .members()
          .forEach((name, value) -> parts.put(name, ((JsonValue.Str) value).value()));
      RunSignature stored = of(parts);
      if (members.getString(ID).filter(stored.id::equals).isEmpty()) {
        throw new JsonException("'" + ID + "' is not that of '" + PARTS + "'");
      }
      return stored;
    } catch (JsonException | ClassCastException e) {
      throw new TensorFileException(
          file,
          "damaged, so that the run cannot be resumed ("
              + e.getMessage()
              + "); start anew without resuming, or delete "
              + directory,
          e);
    }
  }
}
