// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads and checks the header of one file. */
final class GgufHeaderReader {
  private static final int FIXED_BYTES = 24;

  /** Length of the key, one character, type, one byte of a value. */
  private static final int LEAST_KEY_BYTES = 14;

  /** Length of the name, one character, number of dimensions, type, offset. */
  private static final int LEAST_TENSOR_BYTES = 25;

  private final Path path;
  private final GgufCursor cursor;
  private final long fileSize;
  private int textLeft = GgufHeader.MOST_TEXT;

  private GgufHeaderReader(Path path, MemorySegment file) {
    this.path = path;
    this.cursor = new GgufCursor(path, file);
    this.fileSize = file.byteSize();
  }

  /**
   * Reads a header.
   *
   * @param path for messages
   * @param file the whole file
   * @throws TensorFileException if a rule of the format is broken
   */
  static GgufHeader read(Path path, MemorySegment file) throws TensorFileException {
    return new GgufHeaderReader(path, file).read();
  }

  private GgufHeader read() throws TensorFileException {
    if (cursor.left() < FIXED_BYTES) {
      throw cursor.error(
          "header", cursor.left() + " bytes, expected at least " + FIXED_BYTES + " of a GGUF file");
    }
    int magic = cursor.readInt("header");
    if (magic != GgufHeader.MAGIC) {
      throw cursor.error(
          "header", "begins with " + hex(magic) + ", expected \"GGUF\"; is this a GGUF file?");
    }
    int version = version(cursor.readInt("version"));
    int tensorCount =
        count("number of tensors", GgufHeader.MOST_TENSORS, LEAST_TENSOR_BYTES);
    int keyCount = count("number of metadata keys", GgufHeader.MOST_KEYS, LEAST_KEY_BYTES);
    GgufMetadata metadata = metadata(keyCount);
    List<GgufHeader.Entry> tensors = tensors(tensorCount, alignment(metadata));
    requireQuantizationVersion(metadata, tensors);
    return new GgufHeader(version, metadata, tensors);
  }

  private static String hex(int magic) {
    byte[] bytes =
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(magic).array();
    return "bytes " + Arrays.toString(bytes);
  }

  private int version(int version) throws TensorFileException {
    if (version != 0 && (version & 0xffff) == 0) {
      throw cursor.error(
          "version",
          "the bytes of "
              + Integer.reverseBytes(version)
              + " are reversed; the file is big-endian, expected little-endian");
    }
    if (version != 2 && version != GgufHeader.VERSION) {
      throw cursor.error(
          "version",
          Integer.toUnsignedString(version)
              + ", expected 2 or 3"
              + (version == 1 ? "; convert the model again with a newer tool" : ""));
    }
    return version;
  }

  /** A number of things that fit into what is left of the file. */
  private int count(String what, long most, int leastBytes) throws TensorFileException {
    long count = cursor.readLong(what);
    if (count < 0 || count > most) {
      throw cursor.error(what, Long.toUnsignedString(count) + ", expected at most " + most);
    }
    cursor.require(count * leastBytes, what + " " + count);
    return (int) count;
  }

  private String readText(int most, String what) throws TensorFileException {
    long start = cursor.position();
    String text = cursor.readString(Math.min(most, textLeft), what);
    textLeft -= (int) (cursor.position() - start - Long.BYTES);
    return text;
  }

  private GgufMetadata metadata(int count) throws TensorFileException {
    GgufMetadata.Builder builder = GgufMetadata.builder();
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < count; i++) {
      String key = readText(GgufHeader.LONGEST_KEY, "metadata key " + i);
      if (key.isEmpty() || key.indexOf('\0') >= 0) {
        throw cursor.error("metadata key " + i, "empty or with a zero byte, expected a name");
      }
      String what = "metadata '" + key + "'";
      if (!keys.add(key)) {
        throw cursor.error(what, "is there twice");
      }
      builder.put(key, value(type(what), what));
    }
    return builder.build();
  }

  private GgufValueType type(String what) throws TensorFileException {
    int id = cursor.readInt(what);
    return GgufValueType.ofId(id)
        .orElseThrow(
            () ->
                cursor.error(
                    what, "value type " + Integer.toUnsignedString(id) + ", expected 0 to 12"));
  }

  private GgufValue value(GgufValueType type, String what) throws TensorFileException {
    return switch (type) {
      case STRING -> new GgufValue.Text(readText(GgufHeader.MOST_TEXT, what));
      case ARRAY -> array(type(what), what);
      default -> single(numbers(type, 1, what));
    };
  }

  private static GgufValue single(GgufValue.Numbers numbers) {
    GgufValueType type = numbers.type();
    if (type == GgufValueType.BOOL) {
      return new GgufValue.Flag(numbers.whole(0) != 0);
    }
    return type.isReal()
        ? new GgufValue.Real(type, numbers.real(0))
        : new GgufValue.Whole(type, numbers.whole(0));
  }

  private GgufValue array(GgufValueType type, String what) throws TensorFileException {
    if (type == GgufValueType.ARRAY) {
      throw cursor.error(what, "an array of arrays, expected single values in an array");
    }
    int leastBytes = type == GgufValueType.STRING ? Long.BYTES : type.bytes();
    int count = count(what + ": number of values", GgufCursor.MOST, leastBytes);
    return type == GgufValueType.STRING
        ? new GgufValue.Texts(cursor.readStrings(count, what))
        : numbers(type, count, what);
  }

  private GgufValue.Numbers numbers(GgufValueType type, int count, String what)
      throws TensorFileException {
    long size = (long) count * type.bytes();
    if (size > GgufCursor.MOST) {
      throw cursor.error(what, size + " bytes, expected at most " + GgufCursor.MOST);
    }
    byte[] bytes = cursor.readBytes((int) size, what);
    if (type == GgufValueType.BOOL) {
      for (byte each : bytes) {
        if (each != 0 && each != 1) {
          throw cursor.error(what, "a bool is " + (each & 0xff) + ", expected 0 or 1");
        }
      }
    }
    return new GgufValue.Numbers(type, bytes);
  }

  private int alignment(GgufMetadata metadata) throws TensorFileException {
    try {
      return GgufHeader.alignment(metadata);
    } catch (IllegalArgumentException e) {
      throw new TensorFileException(path, e);
    }
  }

  private record Description(
      String name, GgufTensorType type, List<Long> dimensions, long offset, long bytes) {}

  private List<GgufHeader.Entry> tensors(int count, int alignment) throws TensorFileException {
    List<Description> descriptions = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (int i = 0; i < count; i++) {
      Description description = description(i);
      if (!names.add(description.name)) {
        throw cursor.error("tensor '" + description.name + "'", "is there twice");
      }
      descriptions.add(description);
    }
    long start = GgufHeader.align(cursor.position(), alignment);
    long end = 0;
    List<GgufHeader.Entry> entries = new ArrayList<>();
    for (Description description : descriptions) {
      end = place(description, start, end, alignment, entries);
    }
    return List.copyOf(entries);
  }

  /** Takes a tensor that begins where the one before it ends, and gives where the next begins. */
  private long place(
      Description tensor, long start, long end, int alignment, List<GgufHeader.Entry> entries)
      throws TensorFileException {
    String what = "tensor '" + tensor.name + "'";
    if (tensor.offset != end) {
      throw cursor.error(
          what,
          "begins at byte "
              + Long.toUnsignedString(tensor.offset)
              + " of the data, expected "
              + end
              + ", the end of the one before it, aligned to "
              + alignment);
    }
    long left = fileSize - start - end;
    if (tensor.bytes > left) {
      throw cursor.error(
          what,
          "takes "
              + tensor.bytes
              + " bytes, but only "
              + Math.max(0, left)
              + " are left in the file; it is truncated or damaged");
    }
    entries.add(
        new GgufHeader.Entry(
            tensor.name, tensor.type, tensor.dimensions, start + end, tensor.bytes));
    return GgufHeader.align(end + tensor.bytes, alignment);
  }

  private Description description(int index) throws TensorFileException {
    String name = cursor.readString(GgufHeader.LONGEST_NAME, "name of tensor " + index);
    if (name.isEmpty() || name.indexOf('\0') >= 0) {
      throw cursor.error("name of tensor " + index, "empty or with a zero byte");
    }
    String what = "tensor '" + name + "'";
    int rank = cursor.readInt(what);
    if (rank < 0 || rank > GgufHeader.MOST_DIMENSIONS) {
      throw cursor.error(
          what,
          Integer.toUnsignedString(rank)
              + " dimensions, expected at most "
              + GgufHeader.MOST_DIMENSIONS);
    }
    Long[] dimensions = new Long[rank];
    for (int i = 0; i < rank; i++) {
      dimensions[i] = cursor.readLong(what);
    }
    GgufTensorType type = tensorType(cursor.readInt(what), what);
    long offset = cursor.readLong(what);
    List<Long> list = List.of(dimensions);
    try {
      return new Description(name, type, list, offset, GgufTensor.byteSize(type, list));
    } catch (IllegalArgumentException e) {
      throw cursor.error(what, type + ": " + e.getMessage());
    }
  }

  private GgufTensorType tensorType(int id, String what) throws TensorFileException {
    return GgufTensorType.ofId(id)
        .orElseThrow(
            () ->
                cursor.error(
                    what,
                    "type "
                        + Integer.toUnsignedString(id)
                        + GgufTensorType.removed(id)
                            .map(name -> " (" + name + ", which ggml has removed)")
                            .orElse("")
                        + " is not known, expected one of "
                        + Arrays.toString(GgufTensorType.values())));
  }

  private void requireQuantizationVersion(GgufMetadata metadata, List<GgufHeader.Entry> tensors)
      throws TensorFileException {
    GgufValue value = metadata.find(GgufHeader.QUANTIZATION_VERSION_KEY).orElse(null);
    if (value == null || tensors.stream().allMatch(tensor -> tensor.type().blockSize() == 1)) {
      return;
    }
    if (!(value instanceof GgufValue.Whole whole)
        || whole.value() != GgufHeader.QUANTIZATION_VERSION) {
      throw cursor.error(
          "metadata '" + GgufHeader.QUANTIZATION_VERSION_KEY + "'",
          value.kind() + " " + value + ", expected " + GgufHeader.QUANTIZATION_VERSION);
    }
  }
}
