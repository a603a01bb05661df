// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Files put together byte by byte, without the code under test. */
final class RawSafetensors {
  private RawSafetensors() {}

  /** Length, header and data. */
  static byte[] bytes(String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return bytes(json.length, json, data);
  }

  /** As {@link #bytes(String, byte[])}, with a length that may be wrong. */
  static byte[] bytes(long length, byte[] json, byte[] data) {
    return ByteBuffer.allocate(8 + json.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(length)
        .put(json)
        .put(data)
        .array();
  }

  static Path write(Path file, byte[] bytes) throws IOException {
    return Files.write(file, bytes);
  }

  static Path write(Path file, String header, int dataBytes) throws IOException {
    byte[] data = new byte[dataBytes];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) (i + 1);
    }
    return write(file, bytes(header, data));
  }
}
