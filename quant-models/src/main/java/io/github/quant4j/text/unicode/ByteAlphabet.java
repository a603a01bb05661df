// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.unicode;

import java.util.Arrays;

/**
 * The alphabet of byte-level tokenizers (Radford et al. 2019, GPT-2): each byte is written as a
 * printable character below U+0144, so that a vocabulary of byte strings is one of texts.
 */
public final class ByteAlphabet {
  private static final char[] CHARACTER_OF = new char[256];
  private static final short[] BYTE_OF = new short[512];

  static {
    Arrays.fill(BYTE_OF, (short) -1);
    int others = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = b > ' ' && b < 0x7F || b > 0xA0 && b != 0xAD;
      CHARACTER_OF[b] = (char) (printable ? b : others++);
      BYTE_OF[CHARACTER_OF[b]] = (short) b;
    }
  }

  private ByteAlphabet() {}

  /**
   * Writes the UTF-8 bytes of a text as characters.
   *
   * @param text well-formed UTF-16
   * @return one character per byte
   */
  public static String spell(String text) {
    int length = text.length();
    char[] out = new char[length];
    int count = 0;
    int i = 0;
    for (; i < length && text.charAt(i) < 0x80; i++) {
      out[count++] = CHARACTER_OF[text.charAt(i)];
    }
    if (i < length) {
      // Three bytes per UTF-16 unit is the most there can be.
      out = Arrays.copyOf(out, count + 3 * (length - i));
      while (i < length) {
        int codePoint = text.codePointAt(i);
        i += Character.charCount(codePoint);
        count = spell(codePoint, out, count);
      }
    }
    return new String(out, 0, count);
  }

  private static int spell(int codePoint, char[] out, int at) {
    int count = at;
    if (codePoint < 0x80) {
      out[count++] = CHARACTER_OF[codePoint];
    } else if (codePoint < 0x800) {
      out[count++] = CHARACTER_OF[0xC0 | codePoint >> 6];
      out[count++] = CHARACTER_OF[0x80 | codePoint & 0x3F];
    } else {
      if (codePoint < 0x10000) {
        out[count++] = CHARACTER_OF[0xE0 | codePoint >> 12];
      } else {
        out[count++] = CHARACTER_OF[0xF0 | codePoint >> 18];
        out[count++] = CHARACTER_OF[0x80 | codePoint >> 12 & 0x3F];
      }
      out[count++] = CHARACTER_OF[0x80 | codePoint >> 6 & 0x3F];
      out[count++] = CHARACTER_OF[0x80 | codePoint & 0x3F];
    }
    return count;
  }

  /**
   * The byte that a character stands for.
   *
   * @param character any
   * @return 0 to 255, or -1 if it is not of the alphabet
   */
  public static int byteOf(char character) {
    return character < BYTE_OF.length ? BYTE_OF[character] : -1;
  }
}
