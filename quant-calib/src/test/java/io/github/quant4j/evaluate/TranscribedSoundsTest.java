// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TranscribedSoundsTest {
  @TempDir private Path folder;

  private Path touch(String name) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "");
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(folder.resolve(name), text);
  }

  private static String problem(Path path) {
    return assertThrows(FileSystemException.class, () -> TranscribedSounds.read(path)).getMessage();
  }

  @Test
  void listsOfLibriSpeechAreReadInFoldersBelow() throws IOException {
    Path second = touch("84/121123/84-121123-0001.wav");
    Path first = touch("84/121123/84-121123-0000.wav");
    Path third = touch("90/1/90-1-0000.wav");
    write(
        "84/121123/84-121123.trans.txt", "84-121123-0000 GO DO YOU HEAR\n84-121123-0001 BUT IN\n");
    write("90/1/90-1.trans.txt", "\n90-1-0000\n");
    assertEquals(
        List.of(
            new TranscribedSound(first, "GO DO YOU HEAR"),
            new TranscribedSound(second, "BUT IN"),
            new TranscribedSound(third, "")),
        TranscribedSounds.read(folder));
    write("90/1/90-1.trans.txt", "90-1-0001 NOT THERE\n");
    assertTrue(problem(folder).contains("90-1-0001.wav', which is not there"), problem(folder));
    write("90/1/90-1.trans.txt", "../90-1-0000 ELSEWHERE\n");
    assertTrue(problem(folder).contains("line 1: '../90-1-0000'"), problem(folder));
  }

  @Test
  void textsLieBesideRecordings() throws IOException {
    Path one = touch("a.wav");
    Path two = touch("b/c.WAV");
    write("a.txt", "Hello, world.\n");
    write("b/c.txt", "Ça va?");
    assertEquals(
        List.of(new TranscribedSound(one, "Hello, world."), new TranscribedSound(two, "Ça va?")),
        TranscribedSounds.read(folder));
    Files.delete(folder.resolve("b/c.txt"));
    assertTrue(problem(folder).contains("c.txt"), problem(folder));
  }

  @Test
  void tablesAreRead() throws IOException {
    Path one = touch("x/a b.wav");
    Path table = folder.resolve("list.tsv");
    write("list.tsv", "file\ttext\nx/a b.wav\t hello there \n\n");
    assertEquals(List.of(new TranscribedSound(one, "hello there")), TranscribedSounds.read(table));
    write("list.tsv", "x/a b.wav\thello\n");
    assertTrue(problem(table).contains("line 1"), problem(table));
    write("list.tsv", "file\ttext\nx/a b.wav hello\n");
    assertTrue(problem(table).contains("line 2"), problem(table));
    write("list.tsv", "file\ttext\nx/a b.wav\thello\tagain\n");
    assertTrue(problem(table).contains("one tab"), problem(table));
    write("list.tsv", "file\ttext\nx/a b.wav\ta\nx/a b.wav\tb\n");
    assertTrue(problem(table).contains("more than once"), problem(table));
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    assertTrue(problem(folder).contains("no recording"), problem(folder));
    assertTrue(problem(folder.resolve("none")).contains("no such file"));
    write("list.csv", "file,text\n");
    assertTrue(problem(folder.resolve("list.csv")).contains(".tsv"));
  }
}
