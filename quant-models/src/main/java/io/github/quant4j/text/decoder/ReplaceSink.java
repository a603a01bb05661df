// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

import io.github.quant4j.text.regex.TextPattern;

/** Replaces the matches of a pattern in each token. */
final class ReplaceSink implements TokenSink {
  private final TokenSink next;
  private final TextPattern pattern;
  private final String content;
  private final StringBuilder token = new StringBuilder();

  ReplaceSink(TokenSink next, TextPattern pattern, String content) {
    this.next = next;
    this.pattern = pattern;
    this.content = content;
  }

  @Override
  public void text(CharSequence chunk) {
    // A single character needs no look at what follows, so a fused token can still be streamed.
    if (pattern.literal().length() == 1) {
      next.text(chunk.toString().replace(pattern.literal(), content));
    } else {
      token.append(chunk);
    }
  }

  @Override
  public void endToken() {
    if (!token.isEmpty()) {
      String text = token.toString();
      token.setLength(0);
      StringBuilder out = new StringBuilder(text.length());
      pattern.spans(
          text,
          (start, end, match) -> {
            if (match) {
              out.append(content);
            } else {
              out.append(text, start, end);
            }
          });
      next.text(out.toString());
    }
    next.endToken();
  }

  @Override
  public void endText() {
    next.endText();
  }
}
