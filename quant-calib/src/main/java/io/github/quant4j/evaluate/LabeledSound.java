// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.nio.file.Path;

/**
 * A recording of which is known what it is of, such as a spoken word.
 *
 * @param file a WAV file
 * @param label what it is of, not empty
 */
public record LabeledSound(Path file, String label) {

  /**
   * Checks the label.
   *
   * @throws IllegalArgumentException if it is empty
   */
  public LabeledSound {
    if (label.isEmpty()) {
      throw new IllegalArgumentException("label: empty, expected a word for " + file);
    }
  }
}
