// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/** Turns a replacement back into spaces; in the first token it may stand for nothing. */
final class MetaspaceSink implements TokenSink {
  private final TokenSink next;
  private final String replacement;
  private String space;

  MetaspaceSink(TokenSink next, int replacement, boolean prefixed) {
    this.next = next;
    this.replacement = Character.toString(replacement);
    this.space = prefixed ? "" : " ";
  }

  @Override
  public void text(CharSequence chunk) {
    next.text(chunk.toString().replace(replacement, space));
  }

  @Override
  public void endToken() {
    space = " ";
    next.endToken();
  }

  @Override
  public void endText() {
    next.endText();
  }
}
