// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Files of text, and other small ones, that appear when they are complete. */
public final class OutputText {
  private OutputText() {}

  /**
   * Writes a text file in UTF-8, in place of one that may be there. Whenever the process ends,
   * either the old file is there or the whole new one.
   *
   * @param target where the file is to appear; its directory must be there
   * @param text its contents
   * @throws OutputException if it cannot be written; nothing is left then
   */
  public static void write(Path target, String text) throws OutputException {
    write(target, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a file that is not text, as {@link #write(Path, String)} does.
   *
   * @param target where the file is to appear; its directory must be there
   * @param contents its bytes
   * @throws OutputException if it cannot be written; nothing is left then
   */
  public static void write(Path target, byte[] contents) throws OutputException {
    try (OutputFile file = OutputFile.create(target)) {
      file.write(ByteBuffer.wrap(contents));
      file.commit();
    }
  }
}
