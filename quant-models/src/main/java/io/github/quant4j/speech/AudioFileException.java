// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A sound file is missing, malformed, or of a kind that is not read. The message names the file,
 * what was found and what was expected.
 */
public final class AudioFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param file the file
   * @param problem what was found, and what was expected
   */
  public AudioFileException(Path file, String problem) {
    super(file + ": " + problem);
  }
}
