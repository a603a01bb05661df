// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized.gptq;

import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.tensor.Tensor;

/**
 * The fields of {@code qzeros}: for each group one dense stream of bits along the outputs.
 *
 * @param fields {@code [groups, rows]}, unsigned
 * @param groups how many groups
 * @param rows outputs
 * @param bits of a field
 */
@SuppressWarnings("ArrayRecordComponent") // Not compared.
record StoredZeros(byte[] fields, int groups, int rows, int bits) {

  /**
   * Unpacks the fields.
   *
   * @param words {@code [groups, ceil(rows bits / word)]} integers
   * @throws IllegalArgumentException if the shape is another one
   */
  static StoredZeros read(Tensor words, int groups, int rows, int bits) {
    long perRow = WordColumns.words(words, rows, bits);
    if (words.shape().rank() != 2
        || words.shape().dimension(0) != groups
        || words.shape().dimension(1) != perRow) {
      throw new IllegalArgumentException(
          words
              + ": expected ["
              + groups
              + ", "
              + perRow
              + "], zero points of "
              + bits
              + " bits for "
              + groups
              + " groups of "
              + rows
              + " outputs");
    }
    long rowBytes = perRow * words.dtype().bits() / Byte.SIZE;
    PackedCodes packed = PackedCodes.wrap(groups, rows, bits, rowBytes, words.data());
    byte[] fields = new byte[Math.multiplyExact(groups, rows)];
    for (int group = 0; group < groups; group++) {
      packed.unpackRow(group, fields, group * rows);
    }
    return new StoredZeros(fields, groups, rows, bits);
  }

  private int offset() {
    return 1 << (bits - 1);
  }

  private boolean isAll(int value) {
    for (byte field : fields) {
      if ((field & 0xff) != value) {
        return false;
      }
    }
    return true;
  }

  /**
   * The convention that the fields are in: of a symmetric module all zero points are known, so that
   * the fields tell; otherwise it is the one that is declared.
   */
  ZeroPointConvention convention(GptqScheme scheme) {
    if (scheme.symmetric() && isAll(offset())) {
      return ZeroPointConvention.PLAIN;
    }
    return scheme.symmetric() && isAll(offset() - 1)
        ? ZeroPointConvention.LESS_ONE
        : scheme.convention();
  }

  /** Fields that hold the largest value. */
  int countLargest() {
    int count = 0;
    int largest = (1 << bits) - 1;
    for (byte field : fields) {
      count += (field & 0xff) == largest ? 1 : 0;
    }
    return count;
  }

  /** The zero points {@code [rows, groups]}, in signed form. */
  float[] zeroPoints(ZeroPointConvention convention) {
    float[] zeros = new float[fields.length];
    for (int group = 0; group < groups; group++) {
      for (int row = 0; row < rows; row++) {
        int stored = fields[group * rows + row] & 0xff;
        zeros[row * groups + group] = convention.zeroPoint(stored, bits) - offset();
      }
    }
    return zeros;
  }
}
