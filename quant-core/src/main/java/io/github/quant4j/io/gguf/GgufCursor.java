// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads a file from front to back. Every read is checked against the bytes that are left. */
final class GgufCursor {
  /** The longest string and the longest array that ggml reads. */
  static final long MOST = 1L << 30;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final MemorySegment file;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final CharBuffer decoded = CharBuffer.allocate(1024);
  private long position;

  GgufCursor(Path path, MemorySegment file) {
    this.path = path;
    this.file = file;
  }

  long position() {
    return position;
  }

  long left() {
    return file.byteSize() - position;
  }

  TensorFileException error(String what, String problem) {
    return new TensorFileException(path, what + ": " + problem);
  }

  /** Refuses what would go beyond the end. */
  void require(long bytes, String what) throws TensorFileException {
    if (bytes < 0 || bytes > left()) {
      throw error(
          what,
          "takes "
              + Long.toUnsignedString(bytes)
              + " bytes, but only "
              + left()
              + " are left in the file; it is truncated or damaged");
    }
  }

  int readInt(String what) throws TensorFileException {
    require(Integer.BYTES, what);
    int value = file.get(INT, position);
    position += Integer.BYTES;
    return value;
  }

  long readLong(String what) throws TensorFileException {
    require(Long.BYTES, what);
    long value = file.get(LONG, position);
    position += Long.BYTES;
    return value;
  }

  /** Bytes as they are, as many as were checked to fit. */
  byte[] readBytes(int count, String what) throws TensorFileException {
    require(count, what);
    byte[] bytes = new byte[count];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, position, bytes, 0, count);
    position += count;
    return bytes;
  }

  /** A length that is at most what ggml reads, and at most what is left of the file. */
  private int readLength(long most, String what) throws TensorFileException {
    long length = readLong(what);
    if (length < 0 || length > most) {
      throw error(
          what, "a string of " + Long.toUnsignedString(length) + " bytes, expected at most " + most);
    }
    require(length, what);
    return (int) length;
  }

  String readString(long most, String what) throws TensorFileException {
    byte[] bytes = readBytes(readLength(most, what), what);
    requireUtf8(bytes, 0, bytes.length, what);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Strings whose number was checked against what is left of the file. */
  PackedStrings readStrings(int count, String what) throws TensorFileException {
    long start = position;
    long total = 0;
    for (int i = 0; i < count; i++) {
      int length = readLength(MOST, what);
      position += length;
      total += length;
      if (total > MOST) {
        throw error(what, "strings of more than " + MOST + " bytes together");
      }
    }
    position = start;
    byte[] bytes = new byte[(int) total];
    int[] ends = new int[count];
    int end = 0;
    for (int i = 0; i < count; i++) {
      int length = readLength(MOST, what);
      MemorySegment.copy(file, ValueLayout.JAVA_BYTE, position, bytes, end, length);
      position += length;
      if (!isAscii(bytes, end, length)) {
        requireUtf8(bytes, end, length, what);
      }
      end += length;
      ends[i] = end;
    }
    return new PackedStrings(bytes, ends);
  }

  private static boolean isAscii(byte[] bytes, int from, int length) {
    int all = 0;
    for (int i = from; i < from + length; i++) {
      all |= bytes[i];
    }
    return all >= 0;
  }

  /** Decodes through a small buffer, since a string may be long and is only looked at here. */
  private void requireUtf8(byte[] bytes, int from, int length, String what)
      throws TensorFileException {
    ByteBuffer source = ByteBuffer.wrap(bytes, from, length);
    decoder.reset();
    boolean more = true;
    while (more) {
      var result = decoder.decode(source, decoded.clear(), true);
      if (result.isError()) {
        throw error(what, "the string's byte " + (source.position() - from) + " is not UTF-8");
      }
      more = result.isOverflow();
    }
  }
}
