// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/**
 * The checksums of a file: of its tensors, as one string of its metadata with eight hexadecimal
 * digits of CRC-32C for each tensor in the order of the data, and of its header.
 */
final class Checksums {
  /** The metadata entry. */
  static final String KEY = "quant4j.crc32c";

  /** The metadata entry with the checksum of the header. */
  static final String HEADER_KEY = "quant4j.header";

  static final int DIGITS = 8;
  private static final int CHUNK = 1 << 20;

  private Checksums() {}

  /** The CRC-32C of a segment. */
  static int of(MemorySegment data) {
    CRC32C crc = new CRC32C();
    byte[] buffer =
        data.isNative() ? new byte[0] : new byte[(int) Math.min(CHUNK, data.byteSize())];
    for (long at = 0; at < data.byteSize(); at += CHUNK) {
      int count = (int) Math.min(CHUNK, data.byteSize() - at);
      if (data.isNative()) {
        crc.update(data.asSlice(at, count).asByteBuffer());
      } else {
        // A segment over an array that is not of bytes has no buffer form.
        MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at, buffer, 0, count);
        crc.update(ByteBuffer.wrap(buffer, 0, count));
      }
    }
    return (int) crc.getValue();
  }

  /**
   * The CRC-32C of what a header says, however it is written down: each metadata entry but the
   * checksum itself, in the order of the keys, then each tensor in the order of the data. Fields
   * are separated by a character that no name has any use for.
   */
  static String ofHeader(
      List<SafetensorsHeader.Entry> entries, SequencedMap<String, String> metadata) {
    CRC32C crc = new CRC32C();
    for (Map.Entry<String, String> text : new TreeMap<>(metadata).entrySet()) {
      if (!text.getKey().equals(HEADER_KEY)) {
        update(crc, text.getKey(), text.getValue());
      }
    }
    for (SafetensorsHeader.Entry entry : entries) {
      update(
          crc,
          entry.name(),
          entry.dtype().label(),
          Arrays.toString(entry.shape().dimensions()),
          entry.begin() + "-" + entry.end());
    }
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  private static void update(CRC32C crc, String... fields) {
    for (String field : fields) {
      crc.update(field.getBytes(StandardCharsets.UTF_8));
      crc.update(0);
    }
  }

  /** The CRC-32C of bytes as eight hexadecimal digits. */
  static String hex(CRC32C crc) {
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  static String format(List<Integer> checksums) {
    StringBuilder text = new StringBuilder(checksums.size() * DIGITS);
    checksums.forEach(checksum -> text.append(HexFormat.of().toHexDigits(checksum)));
    return text.toString();
  }

  /** Whether a metadata entry has the right form for so many tensors. */
  static boolean isWellFormed(String text, int tensors) {
    return text.length() == (long) tensors * DIGITS
        && text.chars().allMatch(character -> HexFormat.isHexDigit(character));
  }

  static int parse(String text, int tensor) {
    return HexFormat.fromHexDigits(text, tensor * DIGITS, (tensor + 1) * DIGITS);
  }
}
