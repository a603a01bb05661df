// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/** A value of GGUF metadata. Immutable; compares by type and value. */
public sealed interface GgufValue {

  /**
   * What the value is, for messages.
   *
   * @return for example {@code "uint32"} or {@code "array of string"}
   */
  String kind();

  /**
   * A whole number.
   *
   * @param type how it is stored, one of the eight integer types
   * @param value the number; for UINT64 its 64 bits, negative if it is 2^63 or more
   */
  record Whole(GgufValueType type, long value) implements GgufValue {
    /**
     * Checks the value.
     *
     * @throws IllegalArgumentException if the type is not an integer type or cannot hold the value
     */
    public Whole {
      if (!type.isWhole()) {
        throw new IllegalArgumentException("type: " + type + ", expected an integer type");
      }
      if (!holds(type, value)) {
        throw new IllegalArgumentException("value: " + value + " is out of the range of " + type);
      }
    }

    private static boolean holds(GgufValueType type, long value) {
      return switch (type) {
        case UINT8 -> value >= 0 && value < 1 << 8;
        case INT8 -> value == (byte) value;
        case UINT16 -> value >= 0 && value < 1 << 16;
        case INT16 -> value == (short) value;
        case UINT32 -> value >= 0 && value < 1L << 32;
        case INT32 -> value == (int) value;
        default -> true;
      };
    }

    @Override
    public String kind() {
      return type.name().toLowerCase(Locale.ROOT);
    }

    /** The number. */
    @Override
    public String toString() {
      return type == GgufValueType.UINT64 ? Long.toUnsignedString(value) : Long.toString(value);
    }
  }

  /**
   * A floating-point number.
   *
   * @param type FLOAT32 or FLOAT64
   * @param value the number; a float's for FLOAT32
   */
  record Real(GgufValueType type, double value) implements GgufValue {
    /**
     * Checks the value.
     *
     * @throws IllegalArgumentException if the type is not a floating-point type, or FLOAT32 and the
     *     value is none
     */
    public Real {
      if (!type.isReal()) {
        throw new IllegalArgumentException("type: " + type + ", expected FLOAT32 or FLOAT64");
      }
      if (type == GgufValueType.FLOAT32 && !Double.isNaN(value) && (float) value != value) {
        throw new IllegalArgumentException("value: " + value + " is not a binary32 number");
      }
    }

    @Override
    public String kind() {
      return type.name().toLowerCase(Locale.ROOT);
    }

    /** The number, as short as its type allows. */
    @Override
    public String toString() {
      return type == GgufValueType.FLOAT32 ? Float.toString((float) value) : Double.toString(value);
    }
  }

  /**
   * A truth value.
   *
   * @param value the value
   */
  record Flag(boolean value) implements GgufValue {
    @Override
    public String kind() {
      return "bool";
    }

    /** {@code true} or {@code false}. */
    @Override
    public String toString() {
      return Boolean.toString(value);
    }
  }

  /**
   * A string.
   *
   * @param value the string
   */
  record Text(String value) implements GgufValue {
    @Override
    public String kind() {
      return "string";
    }

    /** The string. */
    @Override
    public String toString() {
      return value;
    }
  }

  /**
   * Strings.
   *
   * @param values the strings; not to be changed
   */
  record Texts(List<String> values) implements GgufValue {
    /** Keeps the list, or a copy of one that could change. */
    public Texts {
      values = values instanceof PackedStrings ? values : List.copyOf(values);
    }

    @Override
    public String kind() {
      return "array of string";
    }

    /** The kind and the length. */
    @Override
    public String toString() {
      return values.size() + " strings";
    }
  }

  /** Numbers or truth values of one type, as compact as in the file. */
  final class Numbers implements GgufValue {
    private static final ValueLayout.OfShort SHORT =
        ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT =
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG =
        ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
        ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfDouble DOUBLE =
        ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final GgufValueType type;
    private final byte[] bytes;
    private final MemorySegment segment;

    Numbers(GgufValueType type, byte[] bytes) {
      this.type = type;
      this.bytes = bytes;
      this.segment = MemorySegment.ofArray(bytes);
    }

    /**
     * Makes an array of UINT32 or INT32, whichever is asked for.
     *
     * @param type UINT32 or INT32
     * @param values the numbers; copied
     * @return the array
     * @throws IllegalArgumentException if the type is another one, or a value is negative and the
     *     type is not signed
     */
    public static Numbers ofInts(GgufValueType type, int[] values) {
      if (type != GgufValueType.UINT32 && type != GgufValueType.INT32) {
        throw new IllegalArgumentException("type: " + type + ", expected UINT32 or INT32");
      }
      if (type == GgufValueType.UINT32 && Arrays.stream(values).anyMatch(value -> value < 0)) {
        throw new IllegalArgumentException("values: a negative one, expected none for " + type);
      }
      Numbers result = new Numbers(type, new byte[Math.multiplyExact(values.length, 4)]);
      MemorySegment.copy(values, 0, result.segment, INT, 0, values.length);
      return result;
    }

    /**
     * Makes an array of INT64.
     *
     * @param values the numbers; copied
     * @return the array
     */
    public static Numbers ofLongs(long[] values) {
      Numbers result =
          new Numbers(GgufValueType.INT64, new byte[Math.multiplyExact(values.length, 8)]);
      MemorySegment.copy(values, 0, result.segment, LONG, 0, values.length);
      return result;
    }

    /**
     * Makes an array of FLOAT32.
     *
     * @param values the numbers; copied
     * @return the array
     */
    public static Numbers ofFloats(float[] values) {
      Numbers result =
          new Numbers(GgufValueType.FLOAT32, new byte[Math.multiplyExact(values.length, 4)]);
      MemorySegment.copy(values, 0, result.segment, FLOAT, 0, values.length);
      return result;
    }

    /**
     * Makes an array of truth values.
     *
     * @param values the values; copied
     * @return the array
     */
    public static Numbers ofBooleans(boolean[] values) {
      byte[] bytes = new byte[values.length];
      for (int i = 0; i < values.length; i++) {
        bytes[i] = (byte) (values[i] ? 1 : 0);
      }
      return new Numbers(GgufValueType.BOOL, bytes);
    }

    /**
     * The type of each value.
     *
     * @return one with values of a fixed size
     */
    public GgufValueType type() {
      return type;
    }

    /**
     * The number of values.
     *
     * @return the length of the array
     */
    public int size() {
      return bytes.length / type.bytes();
    }

    /**
     * A whole number or truth value.
     *
     * @param index which, from 0
     * @return the number, for UINT64 its 64 bits; 0 or 1 for a truth value
     * @throws IllegalArgumentException if the values are floating-point numbers
     * @throws IndexOutOfBoundsException if there is no such value
     */
    public long whole(int index) {
      Objects.checkIndex(index, size());
      return switch (type) {
        case UINT8 -> bytes[index] & 0xff;
        case INT8, BOOL -> bytes[index];
        case UINT16 -> segment.getAtIndex(SHORT, index) & 0xffff;
        case INT16 -> segment.getAtIndex(SHORT, index);
        case UINT32 -> Integer.toUnsignedLong(segment.getAtIndex(INT, index));
        case INT32 -> segment.getAtIndex(INT, index);
        case UINT64, INT64 -> segment.getAtIndex(LONG, index);
        default -> throw new IllegalArgumentException(kind() + ", expected whole numbers");
      };
    }

    /**
     * A floating-point number.
     *
     * @param index which, from 0
     * @return the number
     * @throws IllegalArgumentException if the values are something else
     * @throws IndexOutOfBoundsException if there is no such value
     */
    public double real(int index) {
      Objects.checkIndex(index, size());
      return switch (type) {
        case FLOAT32 -> segment.getAtIndex(FLOAT, index);
        case FLOAT64 -> segment.getAtIndex(DOUBLE, index);
        default -> throw new IllegalArgumentException(kind() + ", expected float32 or float64");
      };
    }

    /**
     * One value as text.
     *
     * @param index which, from 0
     * @return a number, {@code true} or {@code false}
     * @throws IndexOutOfBoundsException if there is no such value
     */
    public String text(int index) {
      return switch (type) {
        case FLOAT32 -> Float.toString((float) real(index));
        case FLOAT64 -> Double.toString(real(index));
        case BOOL -> Boolean.toString(whole(index) != 0);
        case UINT64 -> Long.toUnsignedString(whole(index));
        default -> Long.toString(whole(index));
      };
    }

    /** The bytes of all values, as in a file. */
    MemorySegment bytes() {
      return segment.asReadOnly();
    }

    @Override
    public String kind() {
      return "array of " + type.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Numbers numbers
          && type == numbers.type
          && Arrays.equals(bytes, numbers.bytes);
    }

    @Override
    public int hashCode() {
      return 31 * type.hashCode() + Arrays.hashCode(bytes);
    }

    /** The length and the type. */
    @Override
    public String toString() {
      return size() + " of " + type.name().toLowerCase(Locale.ROOT);
    }
  }
}
