// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * The metadata of a GGUF file: values by key, in the file's order. Immutable.
 *
 * <p>The getters take a value in any type that stands for the same: whole numbers in any integer
 * type, real numbers in either floating-point type. A value that is there in another type is an
 * {@link IllegalArgumentException} that names the key.
 */
public final class GgufMetadata {
  private static final GgufMetadata EMPTY = new GgufMetadata(new LinkedHashMap<>());

  private final SequencedMap<String, GgufValue> values;

  private GgufMetadata(SequencedMap<String, GgufValue> values) {
    this.values = Collections.unmodifiableSequencedMap(values);
  }

  /**
   * No metadata.
   *
   * @return metadata without keys
   */
  public static GgufMetadata empty() {
    return EMPTY;
  }

  /**
   * Starts metadata.
   *
   * @return a builder without keys
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts metadata with all of these values.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    values.forEach(builder::put);
    return builder;
  }

  /**
   * All keys.
   *
   * @return in the file's order
   */
  public SequencedSet<String> keys() {
    return values.sequencedKeySet();
  }

  /**
   * All values by key.
   *
   * @return in the file's order
   */
  public SequencedMap<String, GgufValue> values() {
    return values;
  }

  /**
   * A value.
   *
   * @param key its key
   * @return the value, or empty if there is none of that key
   */
  public Optional<GgufValue> find(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /**
   * A string.
   *
   * @param key its key
   * @return the string, or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<String> getString(String key) {
    return find(key)
        .map(
            value -> {
              if (value instanceof GgufValue.Text text) {
                return text.value();
              }
              throw wrongType(key, value, "string");
            });
  }

  /**
   * A whole number of 32 bits.
   *
   * @param key its key
   * @return the number, or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else or out of an int's range
   */
  public Optional<Integer> getInt(String key) {
    return getLong(key)
        .map(
            value -> {
              if (value != value.intValue()) {
                throw new IllegalArgumentException(
                    "metadata '" + key + "': " + value + ", expected a number of 32 bits");
              }
              return value.intValue();
            });
  }

  /**
   * A whole number.
   *
   * @param key its key
   * @return the number, or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else or 2^63 or more
   */
  public Optional<Long> getLong(String key) {
    return find(key)
        .map(
            value -> {
              if (!(value instanceof GgufValue.Whole whole)) {
                throw wrongType(key, value, "an integer");
              }
              return signed(key, whole.type(), whole.value());
            });
  }

  /**
   * A floating-point number.
   *
   * @param key its key
   * @return the number, of FLOAT64 the nearest float; or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<Float> getFloat(String key) {
    return getDouble(key).map(Double::floatValue);
  }

  /**
   * A floating-point number.
   *
   * @param key its key
   * @return the number, or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<Double> getDouble(String key) {
    return find(key)
        .map(
            value -> {
              if (value instanceof GgufValue.Real real) {
                return real.value();
              }
              throw wrongType(key, value, "float32 or float64");
            });
  }

  /**
   * A truth value.
   *
   * @param key its key
   * @return the value, or empty if there is none of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<Boolean> getBoolean(String key) {
    return find(key)
        .map(
            value -> {
              if (value instanceof GgufValue.Flag flag) {
                return flag.value();
              }
              throw wrongType(key, value, "bool");
            });
  }

  /**
   * Strings.
   *
   * @param key their key
   * @return the strings, each made when it is asked for; or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<List<String>> strings(String key) {
    return find(key)
        .map(
            value -> {
              if (value instanceof GgufValue.Texts texts) {
                return texts.values();
              }
              throw wrongType(key, value, "array of string");
            });
  }

  private Optional<GgufValue.Numbers> numbers(String key, String expected) {
    return find(key)
        .map(
            value -> {
              if (value instanceof GgufValue.Numbers numbers) {
                return numbers;
              }
              throw wrongType(key, value, expected);
            });
  }

  /**
   * Whole numbers of 32 bits.
   *
   * @param key their key
   * @return a fresh array, or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else, or a number out of an int's
   *     range
   */
  public Optional<int[]> ints(String key) {
    String expected = "array of integers";
    return numbers(key, expected)
        .map(
            numbers -> {
              if (!numbers.type().isWhole()) {
                throw wrongType(key, numbers, expected);
              }
              int[] result = new int[numbers.size()];
              for (int i = 0; i < result.length; i++) {
                long value = signed(key, numbers.type(), numbers.whole(i));
                if (value != (int) value) {
                  throw new IllegalArgumentException(
                      "metadata '" + key + "'[" + i + "]: " + value + ", expected 32 bits");
                }
                result[i] = (int) value;
              }
              return result;
            });
  }

  /**
   * Floating-point numbers.
   *
   * @param key their key
   * @return a fresh array, of FLOAT64 the nearest floats; or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<float[]> floats(String key) {
    String expected = "array of float32 or float64";
    return numbers(key, expected)
        .map(
            numbers -> {
              if (!numbers.type().isReal()) {
                throw wrongType(key, numbers, expected);
              }
              float[] result = new float[numbers.size()];
              for (int i = 0; i < result.length; i++) {
                result[i] = (float) numbers.real(i);
              }
              return result;
            });
  }

  /**
   * Truth values.
   *
   * @param key their key
   * @return a fresh array, or empty if there is no value of that key
   * @throws IllegalArgumentException if the value is something else
   */
  public Optional<boolean[]> booleans(String key) {
    String expected = "array of bool";
    return numbers(key, expected)
        .map(
            numbers -> {
              if (numbers.type() != GgufValueType.BOOL) {
                throw wrongType(key, numbers, expected);
              }
              boolean[] result = new boolean[numbers.size()];
              for (int i = 0; i < result.length; i++) {
                result[i] = numbers.whole(i) != 0;
              }
              return result;
            });
  }

  private static long signed(String key, GgufValueType type, long value) {
    if (type == GgufValueType.UINT64 && value < 0) {
      throw new IllegalArgumentException(
          "metadata '" + key + "': " + Long.toUnsignedString(value) + ", expected less than 2^63");
    }
    return value;
  }

  private static IllegalArgumentException wrongType(String key, GgufValue value, String expected) {
    return new IllegalArgumentException(
        "metadata '" + key + "': found " + value.kind() + ", expected " + expected);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof GgufMetadata metadata && values.equals(metadata.values);
  }

  @Override
  public int hashCode() {
    return values.hashCode();
  }

  /** Keys and values; of arrays the lengths. */
  @Override
  public String toString() {
    return values.toString();
  }

  /** Collects metadata. A key that is put again keeps its place and gets the new value. */
  public static final class Builder {
    private final SequencedMap<String, GgufValue> values = new LinkedHashMap<>();

    private Builder() {}

    /**
     * Puts a value.
     *
     * @param key its key, not empty
     * @param value the value
     * @return this builder
     * @throws IllegalArgumentException if the key is empty
     */
    public Builder put(String key, GgufValue value) {
      if (key.isEmpty()) {
        throw new IllegalArgumentException("key: empty, expected a name");
      }
      values.put(key, value);
      return this;
    }

    /**
     * Puts a string.
     *
     * @param key its key
     * @param value the string
     * @return this builder
     */
    public Builder putString(String key, String value) {
      return put(key, new GgufValue.Text(value));
    }

    /**
     * Puts a UINT32, the usual type of sizes and counts.
     *
     * @param key its key
     * @param value the number, from 0 to 2^32 - 1
     * @return this builder
     * @throws IllegalArgumentException if the number is out of range
     */
    public Builder putUnsigned(String key, long value) {
      return put(key, new GgufValue.Whole(GgufValueType.UINT32, value));
    }

    /**
     * Puts an INT32.
     *
     * @param key its key
     * @param value the number
     * @return this builder
     */
    public Builder putInt(String key, int value) {
      return put(key, new GgufValue.Whole(GgufValueType.INT32, value));
    }

    /**
     * Puts a FLOAT32.
     *
     * @param key its key
     * @param value the number
     * @return this builder
     */
    public Builder putFloat(String key, float value) {
      return put(key, new GgufValue.Real(GgufValueType.FLOAT32, value));
    }

    /**
     * Puts a truth value.
     *
     * @param key its key
     * @param value the value
     * @return this builder
     */
    public Builder putBoolean(String key, boolean value) {
      return put(key, new GgufValue.Flag(value));
    }

    /**
     * Puts strings.
     *
     * @param key their key
     * @param strings the strings; copied
     * @return this builder
     */
    public Builder putStrings(String key, List<String> strings) {
      return put(key, new GgufValue.Texts(strings));
    }

    /**
     * Puts an array of INT32.
     *
     * @param key their key
     * @param numbers the numbers; copied
     * @return this builder
     */
    public Builder putInts(String key, int[] numbers) {
      return put(key, GgufValue.Numbers.ofInts(GgufValueType.INT32, numbers));
    }

    /**
     * Puts an array of UINT32.
     *
     * @param key their key
     * @param numbers the numbers, not negative; copied
     * @return this builder
     * @throws IllegalArgumentException if a number is negative
     */
    public Builder putUnsigneds(String key, int[] numbers) {
      return put(key, GgufValue.Numbers.ofInts(GgufValueType.UINT32, numbers));
    }

    /**
     * Puts an array of FLOAT32.
     *
     * @param key their key
     * @param numbers the numbers; copied
     * @return this builder
     */
    public Builder putFloats(String key, float[] numbers) {
      return put(key, GgufValue.Numbers.ofFloats(numbers));
    }

    /**
     * Puts an array of truth values.
     *
     * @param key their key
     * @param flags the values; copied
     * @return this builder
     */
    public Builder putBooleans(String key, boolean[] flags) {
      return put(key, GgufValue.Numbers.ofBooleans(flags));
    }

    /**
     * Puts all values of other metadata.
     *
     * @param other the metadata
     * @return this builder
     */
    public Builder putAll(GgufMetadata other) {
      other.values.forEach(this::put);
      return this;
    }

    /**
     * Takes a value out.
     *
     * @param key its key; nothing happens if there is none
     * @return this builder
     */
    public Builder remove(String key) {
      values.remove(key);
      return this;
    }

    /**
     * The metadata.
     *
     * @return what was put, in that order
     */
    public GgufMetadata build() {
      return new GgufMetadata(new LinkedHashMap<>(values));
    }

    /** The values so far. */
    @Override
    public String toString() {
      return values.toString();
    }
  }
}
