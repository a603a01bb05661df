// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.unicode;

/**
 * Assembles UTF-8 byte by byte. Each ill-formed sequence becomes U+FFFD by the practice that the
 * Unicode Standard recommends (chapter 3.9, "substitution of maximal subparts"). Not thread-safe.
 */
public final class Utf8Assembler {
  private static final char REPLACEMENT = '\uFFFD';

  private int codePoint;
  private int missing;
  private int pending;
  private int lowest;
  private int highest;

  /** Starts without pending bytes. */
  public Utf8Assembler() {}

  /**
   * Takes a byte.
   *
   * @param value 0 to 255
   * @param out receives the characters that are complete now
   */
  public void accept(int value, StringBuilder out) {
    if (missing > 0) {
      if (value >= lowest && value <= highest) {
        codePoint = codePoint << 6 | value & 0x3F;
        pending++;
        missing--;
        lowest = 0x80;
        highest = 0xBF;
        if (missing == 0) {
          out.appendCodePoint(codePoint);
        }
        return;
      }
      out.append(REPLACEMENT);
    }
    start(value, out);
  }

  private void start(int value, StringBuilder out) {
    // Table 3-7 of the standard: what may follow a first byte, so that no code point has two forms.
    lowest = 0x80;
    highest = 0xBF;
    pending = 1;
    missing = 0;
    if (value < 0x80) {
      out.append((char) value);
    } else if (value >= 0xC2 && value <= 0xDF) {
      missing = 1;
      codePoint = value & 0x1F;
    } else if (value >= 0xE0 && value <= 0xEF) {
      missing = 2;
      codePoint = value & 0x0F;
      lowest = value == 0xE0 ? 0xA0 : 0x80;
      highest = value == 0xED ? 0x9F : 0xBF;
    } else if (value >= 0xF0 && value <= 0xF4) {
      missing = 3;
      codePoint = value & 0x07;
      lowest = value == 0xF0 ? 0x90 : 0x80;
      highest = value == 0xF4 ? 0x8F : 0xBF;
    } else {
      out.append(REPLACEMENT);
    }
  }

  /**
   * How many bytes wait for the rest of their character.
   *
   * @return 0 to 3
   */
  public int pendingBytes() {
    return missing > 0 ? pending : 0;
  }

  /**
   * Whether a byte continues what is pending, or starts a character where nothing is.
   *
   * @param value 0 to 255
   * @return false if it makes the bytes ill-formed
   */
  public boolean fits(int value) {
    return missing > 0
        ? value >= lowest && value <= highest
        : value < 0x80 || value >= 0xC2 && value <= 0xF4;
  }

  /** Forgets what is pending. */
  public void reset() {
    missing = 0;
  }

  /**
   * Ends the text: an unfinished character becomes U+FFFD.
   *
   * @param out receives it
   */
  public void finish(StringBuilder out) {
    if (missing > 0) {
      out.append(REPLACEMENT);
      missing = 0;
    }
  }
}
