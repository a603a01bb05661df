// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

/**
 * Two tokens that become one.
 *
 * @param left the first
 * @param right the second
 */
record Merge(String left, String right) {

  /** What they become. */
  String joined() {
    return left + right;
  }
}
