// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.decoder;

import io.github.quant4j.text.unicode.Utf8Assembler;

/**
 * Reads runs of tokens like {@code <0xE2>} as UTF-8. If a run is ill-formed, each of its bytes
 * becomes U+FFFD; an eager sink spares the characters that it has sent on already.
 */
final class ByteFallbackSink extends WholeTokens {
  private final TokenSink next;
  private final boolean eager;
  private final Utf8Assembler assembler = new Utf8Assembler();
  private final StringBuilder complete = new StringBuilder();
  private int runLength;
  private boolean illFormed;

  ByteFallbackSink(TokenSink next, boolean eager) {
    this.next = next;
    this.eager = eager;
  }

  @Override
  void accept(String text) {
    int value = byteOf(text);
    if (value < 0) {
      endRun();
      next.text(text);
      next.endToken();
      return;
    }
    runLength++;
    if (eager && !assembler.fits(value)) {
      replace(assembler.pendingBytes());
      assembler.reset();
    }
    if (assembler.fits(value)) {
      assembler.accept(value, complete);
    } else {
      illFormed = true;
      replace(1);
    }
    if (eager) {
      send();
    }
  }

  /**
   * The byte that a token names, or -1. A sign before the second digit is read as Rust reads it.
   */
  private static int byteOf(String text) {
    if (text.length() != 6 || !text.startsWith("<0x") || text.charAt(5) != '>') {
      return -1;
    }
    int low = digit(text.charAt(4));
    int high = text.charAt(3) == '+' ? 0 : digit(text.charAt(3));
    return low < 0 || high < 0 ? -1 : high << 4 | low;
  }

  private static int digit(char character) {
    return character < 0x80 ? Character.digit(character, 16) : -1;
  }

  private void replace(int count) {
    complete.repeat("\uFFFD", count);
  }

  private void send() {
    if (!complete.isEmpty()) {
      next.text(complete.toString());
      complete.setLength(0);
    }
  }

  private void endRun() {
    if (runLength == 0) {
      return;
    }
    if (eager) {
      replace(assembler.pendingBytes());
      send();
      next.endToken();
    } else if (illFormed || assembler.pendingBytes() > 0) {
      for (int i = 0; i < runLength; i++) {
        next.text("\uFFFD");
        next.endToken();
      }
      complete.setLength(0);
    } else {
      send();
      next.endToken();
    }
    assembler.reset();
    runLength = 0;
    illFormed = false;
  }

  @Override
  public void endText() {
    endRun();
    next.endText();
  }
}
