// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.block;

/** What the codes of blocks stand for. */
final class Levels {
  private Levels() {}

  /** All integers of a width from the given one on. */
  static byte[] from(int first, int bits) {
    byte[] levels = new byte[1 << bits];
    for (int i = 0; i < levels.length; i++) {
      levels[i] = (byte) (first + i);
    }
    return levels;
  }

  /** Two's complement bytes. */
  static byte[] bytes() {
    return from(0, 8);
  }

  /** Minus one and one. */
  static byte[] signs() {
    return new byte[] {-1, 1};
  }

  /** The code book of IQ4_NL and IQ4_XS: 16 levels that lie denser around zero. */
  static byte[] nonlinear() {
    return new byte[] {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
  }

  /** Twice the values of E2M1, so that all are whole; a negative zero is the same as zero. */
  static byte[] doubledE2m1() {
    return new byte[] {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};
  }
}
