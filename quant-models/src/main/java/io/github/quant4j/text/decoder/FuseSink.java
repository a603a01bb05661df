// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

/**
 * Makes one token of all.
 *
 * @param next receives it
 */
record FuseSink(TokenSink next) implements TokenSink {
  @Override
  public void text(CharSequence chunk) {
    next.text(chunk);
  }

  @Override
  public void endToken() {}

  @Override
  public void endText() {
    next.endToken();
    next.endText();
  }
}
