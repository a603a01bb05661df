// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads text files for evaluation and calibration. */
public final class TextFile {
  private static final long LARGEST = 1 << 30;

  private TextFile() {}

  /**
   * Reads a whole text file, unchanged: line ends and a byte order mark are part of the text.
   *
   * @param file in UTF-8, at most 1 GiB
   * @return its contents
   * @throws NoSuchFileException if it is not there
   * @throws FileSystemException if it is not a regular file, too large or not UTF-8; the message
   *     names the file, what was found and what was expected
   * @throws IOException if it cannot be read
   */
  public static String read(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new NoSuchFileException(file.toString(), null, "no such file, expected a text file");
    }
    // A pipe or a device could block for ever.
    if (!Files.isRegularFile(file)) {
      String found = Files.isDirectory(file) ? "a directory" : "not a regular file";
      throw new FileSystemException(file.toString(), null, found + ", expected a text file");
    }
    if (Files.size(file) > LARGEST) {
      throw new FileSystemException(
          file.toString(), null, Files.size(file) + " bytes, expected at most " + LARGEST);
    }
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    try {
      CharBuffer text = decoder.decode(bytes);
      return text.toString();
    } catch (CharacterCodingException e) {
      FileSystemException invalid =
          new FileSystemException(
              file.toString(),
              null,
              "byte " + bytes.position() + " is not UTF-8, expected a text file in UTF-8");
      invalid.initCause(e);
      throw invalid;
    }
  }
}
