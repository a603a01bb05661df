// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/** A sink that looks at whole tokens. */
abstract class WholeTokens implements TokenSink {
  private final StringBuilder token = new StringBuilder();

  @Override
  public final void text(CharSequence chunk) {
    token.append(chunk);
  }

  @Override
  public final void endToken() {
    String text = token.toString();
    token.setLength(0);
    accept(text);
  }

  /** Takes a token. */
  abstract void accept(String text);
}
