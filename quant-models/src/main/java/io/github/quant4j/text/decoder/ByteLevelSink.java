// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

import io.github.quant4j.text.unicode.ByteAlphabet;
import io.github.quant4j.text.unicode.Utf8Assembler;
import java.nio.charset.StandardCharsets;

/** Reads each character as the byte that it stands for; all tokens become one. */
final class ByteLevelSink extends WholeTokens {
  private final TokenSink next;
  private final Utf8Assembler assembler = new Utf8Assembler();
  private final StringBuilder complete = new StringBuilder();

  ByteLevelSink(TokenSink next) {
    this.next = next;
  }

  @Override
  void accept(String text) {
    if (isSpelled(text)) {
      for (int i = 0; i < text.length(); i++) {
        assembler.accept(ByteAlphabet.byteOf(text.charAt(i)), complete);
      }
    } else {
      // Added tokens may have any characters; such a token stands for itself.
      for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
        assembler.accept(b & 0xFF, complete);
      }
    }
    send();
  }

  private static boolean isSpelled(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (ByteAlphabet.byteOf(text.charAt(i)) < 0) {
        return false;
      }
    }
    return true;
  }

  private void send() {
    if (!complete.isEmpty()) {
      next.text(complete.toString());
      complete.setLength(0);
    }
  }

  @Override
  public void endText() {
    assembler.finish(complete);
    send();
    next.endToken();
    next.endText();
  }
}
