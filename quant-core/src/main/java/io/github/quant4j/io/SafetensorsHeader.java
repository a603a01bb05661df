// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of a safetensors file, checked.
 *
 * @param entries the tensors in the order of their data; they fill the data without a gap
 * @param metadata the free text entries
 */
record SafetensorsHeader(List<Entry> entries, SequencedMap<String, String> metadata) {
  /** The longest header that is read or written, as in the reference implementation. */
  static final int MAXIMUM_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";

  /**
   * One tensor.
   *
   * @param begin first byte, counted from the end of the header
   * @param end the byte after the last one
   */
  record Entry(String name, DType dtype, Shape shape, long begin, long end) {
    static final Comparator<Entry> BY_POSITION =
        Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end);
  }

  /**
   * Parses and checks a header.
   *
   * @param file for messages
   * @param json the header's bytes
   * @param dataBytes the bytes of the file after the header
   * @throws TensorFileException if a rule of the format is broken
   */
  static SafetensorsHeader parse(Path file, byte[] json, long dataBytes)
      throws TensorFileException {
    if (json[0] != '{') {
      throw new TensorFileException(
          file, "the header starts with byte " + (json[0] & 0xff) + ", expected '{'");
    }
    JsonValue.Obj object;
    try {
      object = JsonParser.parseObject(json);
    } catch (JsonException e) {
      throw new TensorFileException(file, "header: " + e.getMessage(), e);
    }
    List<Entry> entries = new ArrayList<>();
    SequencedMap<String, String> metadata = new LinkedHashMap<>();
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      if (member.getKey().equals(METADATA)) {
        readMetadata(file, member.getValue(), metadata);
      } else {
        entries.add(new EntryParser(file, member.getKey()).parse(member.getValue()));
      }
    }
    entries.sort(Entry.BY_POSITION);
    requireFilled(file, entries, dataBytes);
    requireIntact(file, entries, metadata);
    return new SafetensorsHeader(List.copyOf(entries), metadata);
  }

  private static void readMetadata(Path file, JsonValue value, Map<String, String> metadata)
      throws TensorFileException {
    if (value instanceof JsonValue.Null) {
      // Some writers have no other way to say that there is none; the reference reads it.
      return;
    }
    if (!(value instanceof JsonValue.Obj object)) {
      throw new TensorFileException(
          file, METADATA + ": expected an object of strings, found " + value.kind());
    }
    for (Map.Entry<String, JsonValue> member : object.members().entrySet()) {
      if (!(member.getValue() instanceof JsonValue.Str text)) {
        throw new TensorFileException(
            file,
            METADATA
                + ": '"
                + member.getKey()
                + "': expected a string, found "
                + member.getValue().kind());
      }
      metadata.put(member.getKey(), text.value());
    }
  }

  /** Names and shapes are as much a part of the model as the data is. */
  private static void requireIntact(
      Path file, List<Entry> entries, SequencedMap<String, String> metadata)
      throws TensorFileException {
    String stored = metadata.get(Checksums.HEADER_KEY);
    if (stored != null && !stored.equals(Checksums.ofHeader(entries, metadata))) {
      throw new TensorFileException(
          file,
          "the header is not what was written: its checksum differs; copy the file again, or"
              + " quantize again");
    }
  }

  private static void requireFilled(Path file, List<Entry> entries, long dataBytes)
      throws TensorFileException {
    long end = 0;
    String previous = "the start of the data";
    for (Entry entry : entries) {
      if (entry.begin != end) {
        throw new TensorFileException(
            file,
            "tensor '"
                + entry.name
                + "': data begins at "
                + entry.begin
                + (entry.begin < end ? ", an overlap" : ", a hole")
                + "; expected "
                + end
                + ", the end of "
                + previous);
      }
      end = entry.end;
      previous = "tensor '" + entry.name + "'";
    }
    if (end != dataBytes) {
      throw new TensorFileException(
          file,
          "the header describes "
              + end
              + " bytes of data, the file holds "
              + dataBytes
              + (end > dataBytes
                  ? "; it is truncated"
                  : "; there are bytes behind the last tensor"));
    }
  }

  /** Reads the description of one tensor. */
  private record EntryParser(Path file, String name) {

    private TensorFileException error(String problem) {
      return new TensorFileException(file, "tensor '" + name + "': " + problem);
    }

    Entry parse(JsonValue value) throws TensorFileException {
      if (!(value instanceof JsonValue.Obj object)) {
        throw error("expected an object, found " + value.kind());
      }
      DType dtype = dtype(object.members().get("dtype"));
      long[] dimensions = wholeNumbers("shape", object.members().get("shape"));
      long[] offsets = wholeNumbers("data_offsets", object.members().get("data_offsets"));
      if (offsets.length != 2 || offsets[1] < offsets[0]) {
        throw error(
            "data_offsets: "
                + Arrays.toString(offsets)
                + ", expected two numbers, the second not less than the first");
      }
      long expected;
      Shape shape;
      try {
        shape = Shape.of(dimensions);
        expected = dtype.bytes(shape.elementCount());
      } catch (IllegalArgumentException | ArithmeticException e) {
        throw new TensorFileException(
            file,
            "tensor '"
                + name
                + "': "
                + dtype.label()
                + " "
                + Arrays.toString(dimensions)
                + ": "
                + e.getMessage(),
            e);
      }
      if (offsets[1] - offsets[0] != expected) {
        throw error(
            "data_offsets "
                + Arrays.toString(offsets)
                + " span "
                + (offsets[1] - offsets[0])
                + " bytes, expected "
                + expected
                + " for "
                + dtype.label()
                + " "
                + shape);
      }
      return new Entry(name, dtype, shape, offsets[0], offsets[1]);
    }

    private DType dtype(@Nullable JsonValue value) throws TensorFileException {
      if (!(value instanceof JsonValue.Str label)) {
        throw error(
            "dtype: expected a string, found " + (value == null ? "nothing" : value.kind()));
      }
      return DType.ofLabel(label.value())
          .orElseThrow(
              () ->
                  error(
                      "dtype: '"
                          + label.value()
                          + "' is not known, expected one of "
                          + Arrays.stream(DType.values()).map(DType::label).toList()));
    }

    private long[] wholeNumbers(String member, @Nullable JsonValue value)
        throws TensorFileException {
      if (!(value instanceof JsonValue.Arr array)) {
        throw error(
            member
                + ": expected an array of whole numbers, found "
                + (value == null ? "nothing" : value.kind()));
      }
      long[] numbers = new long[array.elements().size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = wholeNumber(member, array.elements().get(i));
      }
      return numbers;
    }

    /** Only plain digits: 1.0 and 1e3 are whole numbers too, but other readers refuse them. */
    private long wholeNumber(String member, JsonValue value) throws TensorFileException {
      String text = value instanceof JsonValue.Num number ? number.text() : "";
      boolean digits =
          !text.isEmpty()
              && text.chars().allMatch(character -> character >= '0' && character <= '9');
      if (digits) {
        try {
          return Long.parseLong(text);
        } catch (NumberFormatException e) {
          throw new TensorFileException(
              file, "tensor '" + name + "': " + member + ": " + text + " exceeds 2^63 - 1", e);
        }
      }
      throw error(
          member
              + ": expected whole numbers of at least 0, found "
              + (text.isEmpty() ? value.kind() : text));
    }
  }
}
