// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.annotation.Stable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Output could not be written: the disk is full, the directory is not writable, or the target must
 * not be replaced. Nothing half-written is left behind.
 */
@Stable
public final class OutputException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes an exception.
   *
   * @param target the file or directory that was to be written
   * @param problem what was found, and what was expected
   */
  public OutputException(Path target, String problem) {
    super(target + ": " + problem);
  }

  /**
   * Makes an exception from a failure of the file system.
   *
   * @param target the file or directory that was to be written
   * @param cause the failure
   */
  public OutputException(Path target, IOException cause) {
    super(target + ": cannot be written: " + reason(cause), cause);
  }

  /** The file system's exceptions often carry a bare path for a message. */
  private static String reason(IOException cause) {
    return switch (cause) {
      case AccessDeniedException e -> "permission denied for " + e.getFile();
      case NoSuchFileException e -> "there is no " + e.getFile();
      case FileSystemException e when e.getReason() != null -> e.getReason();
      default -> cause.getMessage() == null ? cause.toString() : cause.getMessage();
    };
  }
}
