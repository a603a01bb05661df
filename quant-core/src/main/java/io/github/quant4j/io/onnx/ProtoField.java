// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A field of a message, or a run of numbers with the same tag.
 *
 * @param number the field's number
 * @param wire the wire type
 * @param head tag and length of a field with a length; empty for others
 * @param body what the length counts; for other wire types everything, with the tags
 * @param message in place of the body of a message that was made here, whose bytes do not exist yet
 */
record ProtoField(
    int number, int wire, MemorySegment head, MemorySegment body, @Nullable ProtoMessage message) {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int LENGTH = 2;
  static final int GROUP = 3;
  static final int END_GROUP = 4;
  static final int FIXED32 = 5;

  static final MemorySegment NONE = MemorySegment.ofArray(new byte[0]);

  static ProtoField ofLong(int number, long value) {
    byte[] bytes = new byte[15];
    int end = putVarint(bytes, putVarint(bytes, 0, (long) number << 3), value);
    return new ProtoField(number, VARINT, NONE, MemorySegment.ofArray(bytes).asSlice(0, end), null);
  }

  static ProtoField ofFloat(int number, float value) {
    byte[] bytes = new byte[9];
    int start = putVarint(bytes, 0, ((long) number << 3) | FIXED32);
    MemorySegment segment = MemorySegment.ofArray(bytes);
    segment.set(ProtoCursor.INT, start, Float.floatToRawIntBits(value));
    return new ProtoField(number, FIXED32, NONE, segment.asSlice(0, (long) start + 4), null);
  }

  static ProtoField ofString(int number, String value) {
    return ofBytes(number, MemorySegment.ofArray(value.getBytes(StandardCharsets.UTF_8)));
  }

  static ProtoField ofBytes(int number, MemorySegment value) {
    return new ProtoField(number, LENGTH, head(number, value.byteSize()), value, null);
  }

  static ProtoField ofMessage(int number, ProtoMessage value) {
    return new ProtoField(number, LENGTH, head(number, value.byteSize()), NONE, value);
  }

  private static MemorySegment head(int number, long length) {
    byte[] bytes = new byte[15];
    int end = putVarint(bytes, putVarint(bytes, 0, ((long) number << 3) | LENGTH), length);
    return MemorySegment.ofArray(bytes).asSlice(0, end);
  }

  private static int putVarint(byte[] target, int offset, long value) {
    int at = offset;
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      target[at++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    target[at++] = (byte) rest;
    return at;
  }

  long byteSize() {
    return head.byteSize() + (message == null ? body.byteSize() : message.byteSize());
  }

  /** How many numbers a packed or unpacked field has. */
  long count(int element) {
    if (wire == LENGTH) {
      return switch (element) {
        case FIXED32 -> whole(Integer.BYTES);
        case FIXED64 -> whole(Long.BYTES);
        default -> countVarints(body);
      };
    }
    long count = 0;
    ProtoCursor cursor = new ProtoCursor(body);
    while (cursor.hasMore()) {
      cursor.skipValue(cursor.tag());
      count++;
    }
    return count;
  }

  private long whole(int size) {
    if (body.byteSize() % size != 0) {
      throw new IllegalArgumentException(
          body.byteSize() + " bytes, expected a multiple of " + size);
    }
    return body.byteSize() / size;
  }

  /** Each number ends with a byte below 128. */
  private static long countVarints(MemorySegment bytes) {
    long count = 0;
    long size = bytes.byteSize();
    for (long i = 0; i < size; i++) {
      count += (~bytes.get(ValueLayout.JAVA_BYTE, i) >>> 7) & 1;
    }
    return count;
  }
}
