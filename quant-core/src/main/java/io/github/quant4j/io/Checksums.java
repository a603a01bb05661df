// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * The checksums of a file's tensors, as one string of its metadata: eight hexadecimal digits of
 * CRC-32C for each tensor, in the order of the data.
 */
final class Checksums {
  /** The metadata entry. */
  static final String KEY = "quant4j.crc32c";

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
