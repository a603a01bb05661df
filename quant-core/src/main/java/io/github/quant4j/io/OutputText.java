// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Text files that appear when they are complete. */
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
    try (OutputFile file = OutputFile.create(target)) {
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
      file.commit();
    }
  }
}
