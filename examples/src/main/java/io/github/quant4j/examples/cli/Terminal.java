// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.progress.Cancellation;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/**
 * Where a command's output goes.
 *
 * @param out results
 * @param err everything else
 * @param isInteractive whether a person watches {@code err}, so that lines may be overwritten
 * @param cancellation whether the command should stop
 */
public record Terminal(
    PrintStream out, PrintStream err, boolean isInteractive, Cancellation cancellation) {

  /**
   * Hands on what is buffered, and sees that all results have been written until now: who reads
   * them may have gone, or the disk may be full.
   *
   * @throws UncheckedIOException if not
   */
  void requireWritten() {
    if (out.checkError()) {
      String reason = out instanceof ResultStream results ? results.reason() : "closed";
      throw new UncheckedIOException(
          new OutputException(Path.of("standard output"), "cannot be written: " + reason));
    }
  }

  /** Hands on what is buffered. */
  void flush() {
    out.flush();
    err.flush();
  }
}
