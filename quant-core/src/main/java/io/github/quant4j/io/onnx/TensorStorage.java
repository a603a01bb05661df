// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds a tensor's data in its message, checks that it is as much as the dimensions say, and makes
 * one kind of view of all forms.
 */
final class TensorStorage {
  private record TypedField(int number, String name, int element) {}

  static final int RAW = 9;
  static final int STRINGS = 6;
  private static final TypedField FLOATS = new TypedField(4, "float_data", ProtoField.FIXED32);
  private static final TypedField INTS = new TypedField(5, "int32_data", ProtoField.VARINT);
  private static final TypedField LONGS = new TypedField(7, "int64_data", ProtoField.VARINT);
  private static final TypedField DOUBLES = new TypedField(10, "double_data", ProtoField.FIXED64);
  private static final TypedField UNSIGNED = new TypedField(11, "uint64_data", ProtoField.VARINT);
  private static final List<TypedField> ALL = List.of(FLOATS, INTS, LONGS, DOUBLES, UNSIGNED);

  private final ProtoMessage message;
  private final OnnxType type;
  private final long elements;

  TensorStorage(ProtoMessage message, OnnxType type, long elements) {
    this.message = message;
    this.type = type;
    this.elements = elements;
  }

  static boolean isData(int number) {
    return number == RAW
        || number == STRINGS
        || ALL.stream().anyMatch(field -> field.number == number);
  }

  private static TypedField field(OnnxType type) {
    return switch (type) {
      case FLOAT, COMPLEX64 -> FLOATS;
      case DOUBLE, COMPLEX128 -> DOUBLES;
      case INT64 -> LONGS;
      case UINT32, UINT64 -> UNSIGNED;
      default -> INTS;
    };
  }

  /** How many entries the typed field must have. */
  private long entries() {
    return switch (type) {
      case COMPLEX64, COMPLEX128 -> Math.multiplyExact(elements, 2L);
      case INT4, UINT4, FLOAT4E2M1, INT2, UINT2 -> type.bytes(elements);
      default -> elements;
    };
  }

  /** Refuses data of another size or in a field that is not for its type. */
  void check() {
    @Nullable MemorySegment raw = message.segment(RAW, "raw_data");
    long typed = 0;
    for (TypedField field : ALL) {
      long count = message.count(field.number, field.name, field.element);
      if (count > 0 && (type == OnnxType.STRING || !field.equals(field(type)))) {
        throw new IllegalArgumentException(field.name + ", which is not for " + type);
      }
      typed += count;
    }
    long strings = message.segments(STRINGS, "string_data").size();
    if (type == OnnxType.STRING) {
      if (raw != null && raw.byteSize() > 0) {
        throw new IllegalArgumentException("raw_data, which is not for STRING");
      }
      require("string_data", strings, elements, "texts");
      return;
    }
    if (strings > 0) {
      throw new IllegalArgumentException("string_data, which is not for " + type);
    }
    if (raw != null && typed == 0) {
      require("raw_data", raw.byteSize(), type.bytes(elements), "bytes");
    } else if (raw != null && raw.byteSize() > 0) {
      throw new IllegalArgumentException("raw_data and " + field(type).name + ", expected one");
    } else {
      require(field(type).name, typed, entries(), "entries");
    }
  }

  private void require(String field, long found, long expected, String unit) {
    if (found != expected) {
      throw new IllegalArgumentException(
          field + ": " + found + " " + unit + ", expected " + expected + " for " + type);
    }
  }

  /** Raw data and floats in one piece are slices of the file; other forms are decoded. */
  MemorySegment data() {
    @Nullable MemorySegment raw = message.segment(RAW, "raw_data");
    TypedField field = field(type);
    if (raw != null && (raw.byteSize() > 0 || elements == 0)) {
      return raw;
    }
    if (field.element != ProtoField.VARINT) {
      List<ProtoField> found =
          message.fields().stream().filter(f -> f.number() == field.number).toList();
      if (found.size() == 1 && found.getFirst().wire() == ProtoField.LENGTH) {
        return found.getFirst().body();
      }
    }
    long bytes = type.bytes(elements);
    if (bytes > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          field.name + ": " + bytes + " bytes to decode, expected at most 2^31");
    }
    MemorySegment target = MemorySegment.ofArray(new byte[(int) bytes]);
    message.forEach(field.number, field.name, field.element, writer(target, field));
    return target.asReadOnly();
  }

  private LongConsumer writer(MemorySegment target, TypedField field) {
    int width =
        switch (type) {
          case FLOAT6E2M3, FLOAT6E3M2 -> 6;
          case COMPLEX64 -> Integer.SIZE;
          case COMPLEX128 -> Long.SIZE;
          default -> Math.max(Byte.SIZE, type.bits());
        };
    long[] next = new long[1];
    return value -> {
      long bit = next[0];
      next[0] += width;
      if (field.equals(INTS)) {
        requireFits(value, width);
      } else if (type == OnnxType.UINT32 && value >>> Integer.SIZE != 0) {
        throw new IllegalArgumentException(
            Long.toUnsignedString(value) + ", which does not fit " + type);
      }
      put(target, bit, width, value);
    };
  }

  private static void put(MemorySegment target, long bit, int width, long value) {
    long at = bit / Byte.SIZE;
    switch (width) {
      case 6 -> {
        int shifted = (int) value << (int) (bit % Byte.SIZE);
        for (int i = 0; shifted != 0; i++) {
          byte old = target.get(ValueLayout.JAVA_BYTE, at + i);
          target.set(ValueLayout.JAVA_BYTE, at + i, (byte) (old | shifted));
          shifted >>>= Byte.SIZE;
        }
      }
      case Byte.SIZE -> target.set(ValueLayout.JAVA_BYTE, at, (byte) value);
      case Short.SIZE -> {
        target.set(ValueLayout.JAVA_BYTE, at, (byte) value);
        target.set(ValueLayout.JAVA_BYTE, at + 1, (byte) (value >> Byte.SIZE));
      }
      case Integer.SIZE -> target.set(ProtoCursor.INT, at, (int) value);
      default -> target.set(ProtoCursor.LONG, at, value);
    }
  }

  /** Writers extend the sign of narrow types or leave it; both have the same low bits. */
  private void requireFits(long value, int width) {
    long low =
        type == OnnxType.FLOAT6E2M3 || type == OnnxType.FLOAT6E3M2 ? 0 : -(1L << (width - 1));
    boolean unsignedInt = width == Integer.SIZE;
    long high = unsignedInt ? Integer.MAX_VALUE : (1L << width) - 1;
    if (value < low || value > high) {
      throw new IllegalArgumentException(value + ", which does not fit " + type);
    }
  }
}
