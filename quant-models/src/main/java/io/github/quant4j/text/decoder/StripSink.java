// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/** Removes a character from the ends of each token, up to a count at each. */
final class StripSink implements TokenSink {
  private final TokenSink next;
  private final int content;
  private final int atStart;
  private final int atEnd;

  /** How many characters may still go at the start; 0 once another character was seen. */
  private int removable;

  /** How many characters wait to know whether the token ends behind them. */
  private int held;

  StripSink(TokenSink next, int content, int atStart, int atEnd) {
    this.next = next;
    this.content = content;
    this.atStart = atStart;
    this.atEnd = atEnd;
    this.removable = atStart;
  }

  @Override
  public void text(CharSequence chunk) {
    if (removable == 0 && atEnd == 0) {
      next.text(chunk);
      return;
    }
    StringBuilder out = new StringBuilder(chunk.length() + held);
    chunk
        .codePoints()
        .forEach(
            codePoint -> {
              if (codePoint != content) {
                removable = 0;
                release(held, out);
                out.appendCodePoint(codePoint);
              } else if (removable > 0) {
                removable--;
              } else {
                held++;
                release(held - atEnd, out);
              }
            });
    if (!out.isEmpty()) {
      next.text(out.toString());
    }
  }

  private void release(int count, StringBuilder out) {
    if (count > 0) {
      out.repeat(content, count);
      held -= count;
    }
  }

  @Override
  public void endToken() {
    removable = atStart;
    held = 0;
    next.endToken();
  }

  @Override
  public void endText() {
    next.endText();
  }
}
