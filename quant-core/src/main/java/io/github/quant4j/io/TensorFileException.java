// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.annotation.Stable;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A file or directory that is to be read is missing, malformed, or not of a kind that can be read.
 *
 * <p>The message names the file, the tensor or entry, what was found and what was expected.
 * Failures of the device itself stay plain {@link IOException}s.
 */
@Stable
public final class TensorFileException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param file the file or directory
   * @param problem what was found, and what was expected
   */
  public TensorFileException(Path file, String problem) {
    super(file + ": " + problem);
  }

  /**
   * Makes an exception.
   *
   * @param file the file or directory
   * @param problem what was found, and what was expected
   * @param cause what gave rise to it
   */
  public TensorFileException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
  }

  /**
   * Makes an exception that adds the file's name to another one's message.
   *
   * @param file the file or directory
   * @param cause what gave rise to it; its message says what was found and what was expected
   */
  public TensorFileException(Path file, Throwable cause) {
    super(file + ": " + cause.getMessage(), cause);
  }
}
