// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.TensorFileException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
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

  /** Whether a file begins as GGUF files do. */
  static boolean isGguf(MemorySegment file) {
    return file.byteSize() >= Integer.BYTES
        && file.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN), 0)
            == GgufHeader.MAGIC;
  }

  private GgufHeader read() throws TensorFileException {
    cursor.expect("header");
    if (cursor.left() < FIXED_BYTES) {
      throw cursor.error(
          cursor.left() + " bytes, expected at least " + FIXED_BYTES + " of a GGUF file");
    }
    int magic = cursor.readInt();
    if (magic != GgufHeader.MAGIC) {
      throw cursor.error(
          "begins with " + describe(magic) + ", expected \"GGUF\"; is this a GGUF file?");
    }
    cursor.expect("version");
    int version = version(cursor.readInt());
    cursor.expect("number of tensors");
    int tensorCount = count(GgufHeader.MOST_TENSORS, LEAST_TENSOR_BYTES);
    cursor.expect("number of metadata keys");
    int keyCount = count(GgufHeader.MOST_KEYS, LEAST_KEY_BYTES);
    GgufMetadata metadata = metadata(keyCount);
    int alignment = alignment(metadata);
    List<GgufHeader.Entry> tensors = tensors(tensorCount, alignment);
    requireQuantizationVersion(metadata, tensors);
    long start = GgufHeader.align(cursor.position(), alignment);
    requireData(tensors, start);
    return new GgufHeader(version, metadata, tensors, start);
  }

  private static String describe(int magic) {
    byte[] bytes =
        ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN).putInt(magic).array();
    return "bytes " + Arrays.toString(bytes);
  }

  private int version(int version) throws TensorFileException {
    if (version != 0 && (version & 0xffff) == 0) {
      throw cursor.error(
          "the bytes of "
              + Integer.toUnsignedString(Integer.reverseBytes(version))
              + " are reversed; the file is big-endian, expected little-endian");
    }
    if (version != 2 && version != GgufHeader.VERSION) {
      throw cursor.error(
          Integer.toUnsignedString(version)
              + ", expected 2 or 3"
              + (version == 1 ? "; convert the model again with a newer tool" : ""));
    }
    return version;
  }

  /** A number of things that fit into what is left of the file. */
  private int count(long most, int leastBytes) throws TensorFileException {
    long count = cursor.readLong();
    if (count < 0 || count > most) {
      throw cursor.error(Long.toUnsignedString(count) + ", expected at most " + most);
    }
    if (count * leastBytes > cursor.left()) {
      throw cursor.error(
          count
              + " take at least "
              + count * leastBytes
              + " bytes, but only "
              + cursor.left()
              + " are left in the file; it is truncated or damaged");
    }
    return (int) count;
  }

  private String readText(int most) throws TensorFileException {
    long start = cursor.position();
    String text = cursor.readString(Math.min(most, textLeft));
    textLeft -= (int) (cursor.position() - start - Long.BYTES);
    return text;
  }

  private GgufMetadata metadata(int count) throws TensorFileException {
    GgufMetadata.Builder builder = GgufMetadata.builder();
    Set<String> keys = new HashSet<>();
    for (int i = 0; i < count; i++) {
      cursor.expect("metadata key", i);
      String key = readText(GgufHeader.LONGEST_KEY);
      if (key.isEmpty() || key.indexOf('\0') >= 0) {
        throw cursor.error("empty or with a zero byte, expected a name");
      }
      cursor.expect("metadata", key);
      if (!keys.add(key)) {
        throw cursor.error("is there twice");
      }
      builder.put(key, value(type()));
    }
    return builder.build();
  }

  private GgufValueType type() throws TensorFileException {
    int id = cursor.readInt();
    return GgufValueType.ofId(id)
        .orElseThrow(
            () ->
                cursor.error("value type " + Integer.toUnsignedString(id) + ", expected 0 to 12"));
  }

  private GgufValue value(GgufValueType type) throws TensorFileException {
    return switch (type) {
      case STRING -> new GgufValue.Text(readText(GgufHeader.MOST_TEXT));
      case ARRAY -> array(type());
      default -> single(numbers(type, 1));
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

  private GgufValue array(GgufValueType type) throws TensorFileException {
    if (type == GgufValueType.ARRAY) {
      throw cursor.error("an array of arrays, expected single values in an array");
    }
    int leastBytes = type == GgufValueType.STRING ? Long.BYTES : type.bytes();
    int count = count(GgufCursor.MOST, leastBytes);
    return type == GgufValueType.STRING
        ? new GgufValue.Texts(cursor.readStrings(count))
        : numbers(type, count);
  }

  private GgufValue.Numbers numbers(GgufValueType type, int count) throws TensorFileException {
    long size = (long) count * type.bytes();
    if (size > GgufCursor.MOST) {
      throw cursor.error(size + " bytes, expected at most " + GgufCursor.MOST);
    }
    byte[] bytes = cursor.readBytes((int) size);
    if (type == GgufValueType.BOOL) {
      for (byte each : bytes) {
        if (each != 0 && each != 1) {
          throw cursor.error("a bool is " + (each & 0xff) + ", expected 0 or 1");
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

  private List<GgufHeader.Entry> tensors(int count, int alignment) throws TensorFileException {
    List<GgufHeader.Entry> tensors = new ArrayList<>(count);
    Set<String> names = new HashSet<>();
    long end = 0;
    for (int i = 0; i < count; i++) {
      GgufHeader.Entry tensor = tensor(i);
      if (!names.add(tensor.name())) {
        throw cursor.error("is there twice");
      }
      if (tensor.offset() != end) {
        throw cursor.error(
            "begins at byte "
                + Long.toUnsignedString(tensor.offset())
                + " of the data, expected "
                + end
                + ", the end of the one before it, aligned to "
                + alignment);
      }
      if (tensor.bytes() > fileSize - end) {
        throw beyondEnd(tensor, fileSize - end);
      }
      end = GgufHeader.align(end + tensor.bytes(), alignment);
      tensors.add(tensor);
    }
    return Collections.unmodifiableList(tensors);
  }

  /** The sizes are those of the file at most by now, so that the sums do not overflow. */
  private void requireData(List<GgufHeader.Entry> tensors, long start) throws TensorFileException {
    for (GgufHeader.Entry tensor : tensors) {
      long left = fileSize - start - tensor.offset();
      if (tensor.bytes() > left) {
        cursor.expect("tensor", tensor.name());
        throw beyondEnd(tensor, left);
      }
    }
  }

  private TensorFileException beyondEnd(GgufHeader.Entry tensor, long left) {
    return cursor.error(
        "takes "
            + tensor.bytes()
            + " bytes, but only "
            + Math.max(0, left)
            + " are left in the file; it is truncated or damaged");
  }

  private GgufHeader.Entry tensor(int index) throws TensorFileException {
    cursor.expect("name of tensor", index);
    String name = cursor.readString(GgufHeader.LONGEST_NAME);
    if (name.isEmpty() || name.indexOf('\0') >= 0) {
      throw cursor.error("empty or with a zero byte, expected a name");
    }
    cursor.expect("tensor", name);
    int rank = cursor.readInt();
    if (rank < 0 || rank > GgufHeader.MOST_DIMENSIONS) {
      throw cursor.error(
          Integer.toUnsignedString(rank)
              + " dimensions, expected at most "
              + GgufHeader.MOST_DIMENSIONS);
    }
    Long[] dimensions = new Long[rank];
    for (int i = 0; i < rank; i++) {
      dimensions[i] = cursor.readLong();
    }
    GgufTensorType type = tensorType(cursor.readInt());
    long offset = cursor.readLong();
    List<Long> list = List.of(dimensions);
    try {
      return new GgufHeader.Entry(name, type, list, offset, GgufTensor.byteSize(type, list));
    } catch (IllegalArgumentException e) {
      throw cursor.error(type + ": " + e.getMessage());
    }
  }

  private GgufTensorType tensorType(int id) throws TensorFileException {
    return GgufTensorType.ofId(id)
        .orElseThrow(
            () ->
                cursor.error(
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
      cursor.expect("metadata", GgufHeader.QUANTIZATION_VERSION_KEY);
      throw cursor.error(
          value.kind() + " " + value + ", expected " + GgufHeader.QUANTIZATION_VERSION);
    }
  }
}
