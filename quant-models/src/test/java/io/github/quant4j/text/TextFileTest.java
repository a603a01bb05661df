// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFileTest {
  @TempDir Path directory;

  @Test
  void textIsReadUnchanged() throws IOException {
    String text = "\uFEFFfirst\r\nsecond, ä 𝄞\n\n";
    Path file = directory.resolve("text.txt");
    Files.write(file, text.getBytes(StandardCharsets.UTF_8));
    assertEquals(text, TextFile.read(file));
  }

  @Test
  void whatIsNotUtf8IsRefusedWithItsPlace() throws IOException {
    Path file = directory.resolve("latin.txt");
    Files.write(file, "caf\u00e9 noir".getBytes(StandardCharsets.ISO_8859_1));
    FileSystemException e = assertThrows(FileSystemException.class, () -> TextFile.read(file));
    assertEquals(file + ": byte 3 is not UTF-8, expected a text file in UTF-8", e.getMessage());
  }

  @Test
  void missingFilesAndDirectoriesAreNamed() {
    Path missing = directory.resolve("missing.txt");
    assertEquals(
        missing + ": no such file, expected a text file",
        assertThrows(NoSuchFileException.class, () -> TextFile.read(missing)).getMessage());
    assertEquals(
        directory + ": a directory, expected a text file",
        assertThrows(FileSystemException.class, () -> TextFile.read(directory)).getMessage());
  }
}
