// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/** Lays out protobuf by hand. */
final class RawProto {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  RawProto varint(long value) {
    long rest = value;
    while (rest >>> 7 != 0) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
    return this;
  }

  RawProto number(int field, long value) {
    return varint((long) field << 3).varint(value);
  }

  RawProto bytes(int field, byte... value) {
    varint(((long) field << 3) | 2).varint(value.length);
    out.writeBytes(value);
    return this;
  }

  RawProto text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  RawProto message(int field, RawProto value) {
    return bytes(field, value.toBytes());
  }

  RawProto raw(int... values) {
    for (int value : values) {
      out.write(value);
    }
    return this;
  }

  byte[] toBytes() {
    return out.toByteArray();
  }

  /** A float tensor, with its data in raw_data. */
  static RawProto tensor(String name, int type, long[] dims, byte... raw) {
    RawProto tensor = new RawProto();
    for (long dim : dims) {
      tensor.number(1, dim);
    }
    return tensor.number(2, type).text(8, name).bytes(9, raw);
  }

  static RawProto model(RawProto graph) {
    return new RawProto().number(1, 8).message(7, graph);
  }
}
