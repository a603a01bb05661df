// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Recordings and what they are of, in one of four forms:
 *
 * <ul>
 *   <li>a list {@code NAME.csv}: a line {@code file,label}, then a file and its label on each line;
 *       everything behind the last comma is the label
 *   <li>a list {@code NAME.jsonl}: an object {@code {"file": "a.wav", "label": "seven"}} on each
 *       line
 *   <li>a folder with folders, whose names are the labels of the WAV files in them
 *   <li>a folder with WAV files, whose names begin with the label and an underscore, such as {@code
 *       7_jackson_3.wav}
 * </ul>
 *
 * <p>Paths in a list are relative to its folder. Folders are read in the order of the names.
 */
public final class LabeledSounds {
  private static final String HEADER = "file,label";

  private LabeledSounds() {}

  /**
   * Reads a list or looks through a folder; the recordings themselves are not opened.
   *
   * @param path a list or a folder
   * @return at least one recording
   * @throws FileSystemException if there is no such file, it has none of these forms, or no
   *     recording; the message says what was found and what was expected
   * @throws IOException if it cannot be read
   */
  public static List<LabeledSound> read(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          path.toString(), null, "no such file, expected a list of recordings or a folder");
    }
    List<LabeledSound> sounds = Files.isDirectory(path) ? folder(path) : list(path);
    if (sounds.isEmpty()) {
      throw new FileSystemException(path.toString(), null, "no recording in it, expected some");
    }
    return sounds;
  }

  private static List<LabeledSound> list(Path file) throws IOException {
    String name = name(file).toLowerCase(Locale.ROOT);
    boolean isJson = name.endsWith(".jsonl");
    if (!isJson && !name.endsWith(".csv")) {
      throw malformed(file, "not a list, expected a name that ends in .csv or .jsonl, or a folder");
    }
    List<LabeledSound> sounds = new ArrayList<>();
    int number = 0;
    for (String line : TextFile.read(file).lines().toList()) {
      number++;
      if (number == 1 && !isJson) {
        if (!line.strip().equals(HEADER)) {
          throw malformed(file, "line 1 is '" + line + "', expected '" + HEADER + "'");
        }
        continue;
      }
      if (line.isBlank()) {
        continue;
      }
      try {
        sounds.add(isJson ? fromJson(file, line) : fromLine(file, line));
      } catch (JsonException | IllegalArgumentException e) {
        throw malformed(file, "line " + number + ": " + e.getMessage());
      }
    }
    return sounds;
  }

  private static LabeledSound fromLine(Path list, String line) {
    int comma = line.lastIndexOf(',');
    if (comma < 1 || line.indexOf('"') >= 0) {
      throw new IllegalArgumentException(
          "'"
              + line
              + "', expected a file, a comma and a label, without quotes; a list of JSON"
              + " objects can hold any name");
    }
    return new LabeledSound(
        list.resolveSibling(line.substring(0, comma).strip()), line.substring(comma + 1).strip());
  }

  private static LabeledSound fromJson(Path list, String line) {
    if (!(JsonParser.parse(line) instanceof JsonValue.Obj object)) {
      throw new JsonException("expected an object with 'file' and 'label'");
    }
    return new LabeledSound(
        list.resolveSibling(text(object, "file")),
        object.get("label").orElse(null) instanceof JsonValue.Num(var digits)
            ? digits
            : text(object, "label"));
  }

  private static String text(JsonValue.Obj object, String member) {
    return object
        .getString(member)
        .orElseThrow(() -> new JsonException("'" + member + "' is missing"));
  }

  private static List<LabeledSound> folder(Path folder) throws IOException {
    List<LabeledSound> sounds = new ArrayList<>();
    for (Path entry : sorted(folder)) {
      if (Files.isDirectory(entry)) {
        for (Path file : sorted(entry)) {
          if (isWave(file)) {
            sounds.add(new LabeledSound(file, name(entry)));
          }
        }
      } else if (isWave(entry)) {
        int end = name(entry).indexOf('_');
        if (end < 1) {
          throw malformed(
              folder,
              "the name of '"
                  + name(entry)
                  + "' does not begin with a label and an underscore, as in 7_jackson_3.wav");
        }
        sounds.add(new LabeledSound(entry, name(entry).substring(0, end)));
      }
    }
    return sounds;
  }

  private static List<Path> sorted(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }

  private static boolean isWave(Path file) {
    return name(file).toLowerCase(Locale.ROOT).endsWith(".wav");
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static FileSystemException malformed(Path file, String reason) {
    return new FileSystemException(file.toString(), null, reason);
  }
}
