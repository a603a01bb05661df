// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.progress.Cancellation;
import java.io.PrintStream;

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

  /** Hands on what is buffered. */
  void flush() {
    out.flush();
    err.flush();
  }
}
