// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.Locale;

/** What a model writes of what it hears. */
public enum Task {
  /** The text in the language that is spoken. */
  TRANSCRIBE,
  /** The text in English. */
  TRANSLATE;

  /**
   * The name in configurations.
   *
   * @return {@code transcribe} or {@code translate}
   */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
