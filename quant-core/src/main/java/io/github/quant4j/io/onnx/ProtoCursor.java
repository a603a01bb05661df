// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A position in bytes of the protobuf wire format. Everything that does not fit throws {@link
 * IllegalArgumentException}.
 *
 * @see <a href="https://protobuf.dev/programming-guides/encoding/">The encoding</a>
 */
final class ProtoCursor {
  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int DEEPEST_GROUP = 100;

  private final MemorySegment bytes;
  private long position;

  ProtoCursor(MemorySegment bytes) {
    this.bytes = bytes;
  }

  long position() {
    return position;
  }

  boolean hasMore() {
    return position < bytes.byteSize();
  }

  long varint() {
    long value = 0;
    long start = position;
    for (int shift = 0; shift < Long.SIZE; shift += 7) {
      if (!hasMore()) {
        throw new IllegalArgumentException("byte " + start + ": a number that is cut off");
      }
      byte next = bytes.get(ValueLayout.JAVA_BYTE, position++);
      if (shift == 63 && (next & 0xFE) != 0) {
        break;
      }
      value |= (next & 0x7FL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("byte " + start + ": a number of more than 64 bits");
  }

  /** A field's number and wire type, {@code number << 3 | wire}. */
  int tag() {
    long start = position;
    long tag = varint();
    if (tag >>> 32 != 0 || tag >>> 3 == 0) {
      throw new IllegalArgumentException("byte " + start + ": no field number");
    }
    return (int) tag;
  }

  int fixed32() {
    int value = bytes.get(INT, require(Integer.BYTES));
    position += Integer.BYTES;
    return value;
  }

  long fixed64() {
    long value = bytes.get(LONG, require(Long.BYTES));
    position += Long.BYTES;
    return value;
  }

  /** The length of what follows, which is there. */
  long length() {
    long start = position;
    long length = varint();
    long left = bytes.byteSize() - position;
    if (length < 0 || length > left) {
      throw new IllegalArgumentException(
          "byte "
              + start
              + ": a length of "
              + Long.toUnsignedString(length)
              + " bytes, but only "
              + left
              + " are left");
    }
    return length;
  }

  void skip(long count) {
    position += count;
  }

  private long require(int count) {
    if (bytes.byteSize() - position < count) {
      throw new IllegalArgumentException("byte " + position + ": a number that is cut off");
    }
    return position;
  }

  /** Passes over a value; of a group, over its end as well. */
  void skipValue(int tag) {
    int depth = 0;
    int[] open = new int[DEEPEST_GROUP];
    int current = tag;
    while (true) {
      switch (current & 7) {
        case ProtoField.VARINT -> varint();
        case ProtoField.FIXED64 -> fixed64();
        case ProtoField.FIXED32 -> fixed32();
        case ProtoField.LENGTH -> skip(length());
        case ProtoField.GROUP -> {
          if (depth == DEEPEST_GROUP) {
            throw new IllegalArgumentException(
                "byte " + position + ": groups deeper than " + DEEPEST_GROUP);
          }
          open[depth++] = current >>> 3;
        }
        case ProtoField.END_GROUP -> {
          if (depth == 0 || open[--depth] != current >>> 3) {
            throw new IllegalArgumentException(
                "byte " + position + ": the end of a group that has not begun");
          }
        }
        default ->
            throw new IllegalArgumentException(
                "byte " + position + ": wire type " + (current & 7) + ", expected 0 to 5");
      }
      if (depth == 0) {
        return;
      }
      current = tag();
    }
  }
}
