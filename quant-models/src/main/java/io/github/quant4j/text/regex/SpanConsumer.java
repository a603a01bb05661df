// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

/** Receives the parts of a text, in order and without holes: matches and what lies between. */
@FunctionalInterface
public interface SpanConsumer {
  /**
   * Takes the next part.
   *
   * @param start its first UTF-16 unit
   * @param end the unit behind it; equal to {@code start} for an empty match
   * @param match whether it is a match
   */
  void accept(int start, int end, boolean match);
}
