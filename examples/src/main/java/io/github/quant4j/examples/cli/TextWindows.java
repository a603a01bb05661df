// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.LanguageModel;
import java.nio.file.Path;

/** Texts to evaluate on. */
final class TextWindows {
  private TextWindows() {}

  /**
   * The tokens of a text, which fill at least one window.
   *
   * @param file what is named if they do not
   */
  static int[] tokens(LanguageModel model, Path file, String contents, int context) {
    int[] tokens = model.tokenizer().encode(contents, false);
    if (tokens.length < context) {
      throw new UsageException(
          file
              + ": "
              + tokens.length
              + " tokens of text, expected at least "
              + context
              + ", those of one window; --context N makes windows shorter");
    }
    return tokens;
  }
}
