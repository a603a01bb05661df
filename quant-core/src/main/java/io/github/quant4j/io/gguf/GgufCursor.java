// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Reads a file from front to back. Every read is checked against the bytes that are left. */
final class GgufCursor {
  /** The longest string and the longest array that ggml reads. */
  static final long MOST = 1L << 30;

  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
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
  private String kind = "";
  private String name = "";
  private int index = -1;

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

  /** Says what is read next, for messages. */
  void expect(String what) {
    kind = what;
    name = "";
    index = -1;
  }

  /** Says what is read next, for messages, by its name. */
  void expect(String what, String itsName) {
    kind = what;
    name = itsName;
    index = -1;
  }

  /** Says what is read next, for messages, by its number. */
  void expect(String what, int itsIndex) {
    kind = what;
    name = "";
    index = itsIndex;
  }

  /** What is wrong with what is read. */
  TensorFileException error(String problem) {
    String what = kind;
    if (index >= 0) {
      what += " " + index;
    } else if (!name.isEmpty()) {
      what += " '" + name + "'";
    }
    return new TensorFileException(path, what + ": " + problem);
  }

  /** Refuses what would go beyond the end. */
  void require(long bytes) throws TensorFileException {
    if (bytes < 0 || bytes > left()) {
      throw error(
          "takes "
              + Long.toUnsignedString(bytes)
              + " bytes, but only "
              + left()
              + " are left in the file; it is truncated or damaged");
    }
  }

  int readInt() throws TensorFileException {
    require(Integer.BYTES);
    int value = file.get(INT, position);
    position += Integer.BYTES;
    return value;
  }

  long readLong() throws TensorFileException {
    require(Long.BYTES);
    long value = file.get(LONG, position);
    position += Long.BYTES;
    return value;
  }

  /** Bytes as they are, as many as were checked to fit. */
  byte[] readBytes(int count) throws TensorFileException {
    require(count);
    byte[] bytes = new byte[count];
    MemorySegment.copy(file, ValueLayout.JAVA_BYTE, position, bytes, 0, count);
    position += count;
    return bytes;
  }

  /** A length that is at most what ggml reads, and at most what is left of the file. */
  private int readLength(long most) throws TensorFileException {
    long length = readLong();
    if (length < 0 || length > most) {
      throw error(
          "a string of " + Long.toUnsignedString(length) + " bytes, expected at most " + most);
    }
    require(length);
    return (int) length;
  }

  /** A string after its length. */
  String readString(long most) throws TensorFileException {
    return readText(readLength(most));
  }

  /** A string of a known length. */
  String readText(int length) throws TensorFileException {
    byte[] bytes = readBytes(length);
    requireUtf8(bytes, 0, length);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  float[] readFloats(int count) throws TensorFileException {
    long size = (long) count * Float.BYTES;
    require(size);
    float[] values = new float[count];
    MemorySegment.copy(file, FLOAT, position, values, 0, count);
    position += size;
    return values;
  }

  /** Strings whose number was checked against what is left of the file. */
  PackedStrings readStrings(int count) throws TensorFileException {
    long start = position;
    long total = 0;
    for (int i = 0; i < count; i++) {
      int length = readLength(MOST);
      position += length;
      total += length;
      if (total > MOST) {
        throw error("strings of more than " + MOST + " bytes together");
      }
    }
    position = start;
    byte[] bytes = new byte[(int) total];
    int[] ends = new int[count];
    int end = 0;
    for (int i = 0; i < count; i++) {
      int length = readLength(MOST);
      MemorySegment.copy(file, ValueLayout.JAVA_BYTE, position, bytes, end, length);
      position += length;
      requireUtf8(bytes, end, length);
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
  private void requireUtf8(byte[] bytes, int from, int length) throws TensorFileException {
    if (isAscii(bytes, from, length)) {
      return;
    }
    ByteBuffer source = ByteBuffer.wrap(bytes, from, length);
    decoder.reset();
    boolean more = true;
    while (more) {
      CoderResult result = decoder.decode(source, decoded.clear(), true);
      if (result.isError()) {
        throw error("the string's byte " + (source.position() - from) + " is not UTF-8");
      }
      more = result.isOverflow();
    }
  }
}
