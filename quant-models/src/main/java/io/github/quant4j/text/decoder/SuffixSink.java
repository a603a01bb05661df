// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

import org.jspecify.annotations.Nullable;

/** Turns the suffix that ends a word into a space, and into nothing in the last token. */
final class SuffixSink extends WholeTokens {
  private final TokenSink next;
  private final String suffix;
  private @Nullable String held;

  SuffixSink(TokenSink next, String suffix) {
    this.next = next;
    this.suffix = suffix;
  }

  @Override
  void accept(String text) {
    release(" ");
    held = text;
  }

  private void release(String replacement) {
    if (held != null) {
      next.text(held.replace(suffix, replacement));
      next.endToken();
    }
  }

  @Override
  public void endText() {
    release("");
    next.endText();
  }
}
