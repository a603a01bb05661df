// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Lays out GGUF files byte by byte, well-formed or not. */
final class RawGguf {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  /** The start of a file of version 3. */
  static RawGguf start(long tensors, long keys) {
    return new RawGguf().ascii("GGUF").u32(3).u64(tensors).u64(keys);
  }

  /** Four bytes. */
  RawGguf u32(long value) {
    return number(value, 4);
  }

  /** Eight bytes. */
  RawGguf u64(long value) {
    return number(value, 8);
  }

  /** The low bytes of a number. */
  RawGguf number(long value, int count) {
    ByteBuffer buffer = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value);
    bytes.write(buffer.array(), 0, count);
    return this;
  }

  /** Characters without a length. */
  RawGguf ascii(String text) {
    bytes.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    return this;
  }

  /** A string with its length. */
  RawGguf string(String text) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    u64(encoded.length);
    bytes.writeBytes(encoded);
    return this;
  }

  /** A key with the number of its type. */
  RawGguf key(String name, int type) {
    return string(name).u32(type);
  }

  /** A tensor's description. */
  RawGguf tensor(String name, int type, long offset, long... dimensions) {
    string(name).u32(dimensions.length);
    for (long dimension : dimensions) {
      u64(dimension);
    }
    return u32(type).u64(offset);
  }

  /** Zeros up to a multiple. */
  RawGguf align(int alignment) {
    while (bytes.size() % alignment != 0) {
      bytes.write(0);
    }
    return this;
  }

  /** Bytes as they are. */
  RawGguf raw(byte... values) {
    bytes.writeBytes(values);
    return this;
  }

  /** Bytes 1, 2, 3 and so on. */
  RawGguf data(int count) {
    for (int i = 1; i <= count; i++) {
      bytes.write(i);
    }
    return this;
  }

  byte[] toBytes() {
    return bytes.toByteArray();
  }

  Path write(Path path) throws IOException {
    return Files.write(path, toBytes());
  }
}
