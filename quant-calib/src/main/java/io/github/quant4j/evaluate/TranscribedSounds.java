// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Recordings and what is said in them, in one of three forms:
 *
 * <ul>
 *   <li>a list {@code NAME.tsv}: a line {@code file}, tab, {@code text}, then a WAV file, a tab and
 *       its text on each line; files are relative to the list's folder
 *   <li>a folder with lists as LibriSpeech has them, in it or in folders below: a file {@code
 *       NAME.trans.txt}, on each line the name of a recording without {@code .wav}, a space, and
 *       its text; the recordings lie beside it
 *   <li>a folder with WAV files, in it or in folders below, each with its text in a file of the
 *       same name that ends in {@code .txt}
 * </ul>
 *
 * <p>Texts are UTF-8. Folders are read in the order of the paths.
 */
public final class TranscribedSounds {
  private static final String HEADER = "file\ttext";
  private static final String LIST = ".trans.txt";
  private static final String WAVE = ".wav";
  private static final int DEEPEST = 16;

  private TranscribedSounds() {}

  /**
   * Reads a list or looks through a folder; the recordings themselves are not opened.
   *
   * @param path a list or a folder
   * @return at least one recording
   * @throws FileSystemException if there is no such file, it has none of these forms, a recording
   *     is missing or there is none; the message says what was found and what was expected
   * @throws IOException if it cannot be read
   */
  public static List<TranscribedSound> read(Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new NoSuchFileException(
          path.toString(), null, "no such file, expected a list of recordings or a folder");
    }
    List<TranscribedSound> sounds = Files.isDirectory(path) ? folder(path) : table(path);
    if (sounds.isEmpty()) {
      throw malformed(path, "no recording in it, expected some with their texts");
    }
    Set<Path> seen = new HashSet<>();
    for (TranscribedSound sound : sounds) {
      if (!Files.isRegularFile(sound.file())) {
        throw malformed(path, "names a recording '" + sound.file() + "', which is not there");
      }
      if (!seen.add(sound.file())) {
        throw malformed(path, "names the recording '" + sound.file() + "' more than once");
      }
    }
    return sounds;
  }

  private static List<TranscribedSound> table(Path file) throws IOException {
    if (!name(file).toLowerCase(Locale.ROOT).endsWith(".tsv")) {
      throw malformed(file, "not a list, expected a name that ends in .tsv, or a folder");
    }
    List<TranscribedSound> sounds = new ArrayList<>();
    int number = 0;
    for (String line : TextFile.read(file).lines().toList()) {
      number++;
      if (number == 1) {
        if (!line.strip().equals(HEADER)) {
          throw malformed(file, "line 1 is '" + line + "', expected 'file', a tab, and 'text'");
        }
      } else if (!line.isBlank()) {
        int tab = line.indexOf('\t');
        if (tab < 1 || line.indexOf('\t', tab + 1) >= 0) {
          throw malformed(
              file, "line " + number + ": '" + line + "', expected a file, one tab and a text");
        }
        sounds.add(
            new TranscribedSound(
                file.resolveSibling(line.substring(0, tab).strip()),
                line.substring(tab + 1).strip()));
      }
    }
    return sounds;
  }

  private static List<TranscribedSound> folder(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.walk(folder, DEEPEST)) {
      files = all.filter(Files::isRegularFile).sorted().toList();
    }
    List<TranscribedSound> sounds = new ArrayList<>();
    for (Path file : files) {
      if (name(file).endsWith(LIST)) {
        addList(file, sounds);
      }
    }
    if (!sounds.isEmpty()) {
      return sounds;
    }
    for (Path file : files) {
      String name = name(file);
      if (name.toLowerCase(Locale.ROOT).endsWith(WAVE)) {
        Path text = file.resolveSibling(name.substring(0, name.length() - WAVE.length()) + ".txt");
        if (!Files.isRegularFile(text)) {
          throw malformed(folder, "there is no '" + text + "' with what is said in '" + file + "'");
        }
        sounds.add(new TranscribedSound(file, TextFile.read(text).strip()));
      }
    }
    return sounds;
  }

  private static void addList(Path list, List<TranscribedSound> sounds) throws IOException {
    int number = 0;
    for (String line : TextFile.read(list).lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      String entry = line.strip();
      int space = entry.indexOf(' ');
      String name = space < 0 ? entry : entry.substring(0, space);
      if (name.contains("/") || name.contains("\\")) {
        throw malformed(
            list,
            "line " + number + ": '" + name + "', expected the name of a recording beside it");
      }
      String text = space < 0 ? "" : entry.substring(space + 1).strip();
      sounds.add(new TranscribedSound(list.resolveSibling(name + WAVE), text));
    }
  }

  private static String name(Path file) {
    return String.valueOf(file.getFileName());
  }

  private static FileSystemException malformed(Path file, String reason) {
    return new FileSystemException(file.toString(), null, reason);
  }
}
