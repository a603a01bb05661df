// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

/** Receives the logits of an evaluation in the order of the text: {@code [windows, context]}. */
@FunctionalInterface
public interface LogitsListener {

  /**
   * Called with the logits of consecutive positions, window after window.
   *
   * @param rows how many positions
   * @param logits row-major {@code [rows, vocabulary]}; may be longer; valid during the call only
   */
  void logits(int rows, float[] logits);

  /**
   * Receives nothing.
   *
   * @return a listener that does nothing
   */
  static LogitsListener none() {
    return (rows, logits) -> {};
  }
}
