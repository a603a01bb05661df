// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint.layout;

import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;

/** 32-bit words that codes are put into. */
final class Words {
  private final int rows;
  private final int columns;
  private final int bits;
  private final int[] words;

  /** Empty words {@code [rows, columns]} for codes of so many bits. */
  Words(int rows, int columns, int bits) {
    this.rows = rows;
    this.columns = columns;
    this.bits = bits;
    this.words = new int[Math.multiplyExact(rows, columns)];
  }

  /** The words that a stream of codes takes. */
  static int count(int codes, int bits) {
    return Math.toIntExact(Math.ceilDiv((long) codes * bits, Integer.SIZE));
  }

  static boolean isWhole(int codes, int bits) {
    return (long) codes * bits % Integer.SIZE == 0;
  }

  /** Puts a code into the stream that runs down a column, lowest bits first. */
  void down(int column, int position, int code) {
    put((long) position * bits, column, columns, code);
  }

  /** Puts a code into the stream that runs along a row, lowest bits first. */
  void along(int row, int position, int code) {
    put((long) position * bits, row * columns, 1, code);
  }

  private void put(long bit, int first, int stride, int code) {
    int at = first + (int) (bit >> 5) * stride;
    int shift = (int) (bit & 31);
    words[at] |= code << shift;
    if (shift + bits > Integer.SIZE) {
      words[at + stride] |= code >>> (Integer.SIZE - shift);
    }
  }

  Tensor toTensor() {
    return Tensor.ofInts(Shape.of(rows, columns), words);
  }
}
