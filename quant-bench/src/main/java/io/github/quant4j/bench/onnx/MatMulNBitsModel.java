// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.onnx;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.ScaleLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * ONNX models of one {@code com.microsoft.MatMulNBits} node (ONNX Runtime's contributed operators).
 *
 * <p>The operator multiplies {@code [M, K]} floats by weights of 2, 4 or 8 bits. Codes of a row lie
 * in blocks of the group size, lowest bits first; without zero points, code {@code 2^(bits-1)} is
 * 0, as in our symmetric integer formats. Field numbers are those of {@code onnx.proto}.
 */
final class MatMulNBitsModel {
  /** Activations may be rounded to int8. */
  static final int INT8 = 4;

  /** No rounding is asked for. */
  static final int UNSPECIFIED = 0;

  static final String INPUT = "A";
  static final String OUTPUT = "Y";

  private static final String DOMAIN = "com.microsoft";
  private static final int IR_VERSION = 8;
  private static final int OPSET = 17;
  private static final int FLOAT = 1;
  private static final int UINT8 = 2;
  private static final int ATTRIBUTE_INT = 2;

  private MatMulNBitsModel() {}

  /**
   * The model of a matrix.
   *
   * @param matrix symmetric integers of 2, 4 or 8 bits in groups of a power of two from 16
   * @param tokens rows of the input
   * @param accuracyLevel {@link #INT8} or {@link #UNSPECIFIED}
   * @return its serialized form
   * @throws IllegalArgumentException if the operator has no such weights
   */
  static byte[] of(QuantizedMatrix matrix, int tokens, int accuracyLevel) {
    ScaleLayout layout = matrix.grid().layout();
    int block = layout.blockColumns();
    boolean supported =
        matrix.scheme().format() instanceof IntegerFormat format
            && (format.bits() == 2 || format.bits() == 4 || format.bits() == 8)
            && matrix.scheme().symmetric()
            && layout.blockRows() == 1
            && block >= 16
            && Integer.bitCount(block) == 1;
    if (!supported) {
      throw new IllegalArgumentException(
          "matrix: "
              + matrix.scheme()
              + ", expected symmetric integers of 2, 4 or 8 bits in groups of a power of two");
    }
    int bits = matrix.codes().bits();
    int n = matrix.rows();
    int k = matrix.columns();
    ProtoWriter node =
        new ProtoWriter()
            .string(1, INPUT)
            .string(1, "B")
            .string(1, "scales")
            .string(2, OUTPUT)
            .string(4, "MatMulNBits")
            .message(5, attribute("K", k))
            .message(5, attribute("N", n))
            .message(5, attribute("bits", bits))
            .message(5, attribute("block_size", block))
            .message(5, attribute("accuracy_level", accuracyLevel))
            .string(7, DOMAIN);
    ProtoWriter graph =
        new ProtoWriter()
            .message(1, node)
            .string(2, "linear")
            .message(5, tensor("B", UINT8, codes(matrix), n, k / block, block * bits / Byte.SIZE))
            .message(5, tensor("scales", FLOAT, scales(matrix), n, k / block))
            .message(11, value(INPUT, tokens, k))
            .message(12, value(OUTPUT, tokens, n));
    return new ProtoWriter()
        .integer(1, IR_VERSION)
        .message(7, graph)
        .message(8, new ProtoWriter().string(1, "").integer(2, OPSET))
        .message(8, new ProtoWriter().string(1, DOMAIN).integer(2, 1))
        .toByteArray();
  }

  private static ProtoWriter attribute(String name, long value) {
    return new ProtoWriter().string(1, name).integer(3, value).integer(20, ATTRIBUTE_INT);
  }

  private static ProtoWriter tensor(String name, int type, byte[] data, long... shape) {
    ProtoWriter tensor = new ProtoWriter();
    for (long dimension : shape) {
      tensor.integer(1, dimension);
    }
    return tensor.integer(2, type).string(8, name).bytes(9, data);
  }

  private static ProtoWriter value(String name, long... shape) {
    ProtoWriter dimensions = new ProtoWriter();
    for (long dimension : shape) {
      dimensions.message(1, new ProtoWriter().integer(1, dimension));
    }
    ProtoWriter tensor = new ProtoWriter().integer(1, FLOAT).message(2, dimensions);
    return new ProtoWriter().string(1, name).message(2, new ProtoWriter().message(1, tensor));
  }

  private static byte[] codes(QuantizedMatrix matrix) {
    int bits = matrix.codes().bits();
    int columns = matrix.columns();
    int codesInByte = Byte.SIZE / bits;
    byte[] row = new byte[columns];
    byte[] packed = new byte[Math.multiplyExact(matrix.rows(), columns / codesInByte)];
    for (int r = 0; r < matrix.rows(); r++) {
      matrix.codes().unpackRow(r, row, 0);
      for (int i = 0; i < columns; i++) {
        packed[r * (columns / codesInByte) + i / codesInByte] |=
            (byte) ((row[i] & 0xff) << i % codesInByte * bits);
      }
    }
    return packed;
  }

  private static byte[] scales(QuantizedMatrix matrix) {
    float[] scales = matrix.grid().scales().values();
    ByteBuffer buffer =
        ByteBuffer.allocate(Float.BYTES * scales.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float scale : scales) {
      buffer.putFloat(scale);
    }
    return buffer.array();
  }
}
