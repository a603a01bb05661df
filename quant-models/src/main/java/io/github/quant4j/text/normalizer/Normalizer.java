// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.normalizer;

/** Changes a text before it is split. Immutable and thread-safe. */
@FunctionalInterface
public interface Normalizer {
  /**
   * Normalizes a text.
   *
   * @param text the text or a part of it
   * @return the normalized part
   */
  NormalizedText normalize(NormalizedText text);
}
