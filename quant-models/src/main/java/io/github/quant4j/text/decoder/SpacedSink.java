// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/** Puts a space between tokens, as is done where a file has no decoder. */
final class SpacedSink implements TokenSink {
  private final TokenSink next;
  private boolean starts = true;
  private boolean first = true;

  SpacedSink(TokenSink next) {
    this.next = next;
  }

  @Override
  public void text(CharSequence chunk) {
    if (starts && !first) {
      next.text(" ");
    }
    starts = false;
    first = false;
    next.text(chunk);
  }

  @Override
  public void endToken() {
    starts = true;
    next.endToken();
  }

  @Override
  public void endText() {
    next.endText();
  }
}
