// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.zip.CRC32C;

/**
 * Writes a safetensors file: first all tensors are declared, then the data is streamed through a
 * buffer of one mebibyte, whatever the size of the tensors.
 *
 * <p>The bytes depend on the declared tensors and metadata alone, not on the order of the calls:
 * tensors are laid out by descending element type, then by name, as the reference implementation
 * does, so that every element is aligned to its size. The metadata gets an entry {@code
 * quant4j.crc32c}: for each tensor, in the order of the data, the CRC-32C of its bytes as eight
 * hexadecimal digits. An entry {@code quant4j.header} is the CRC-32C of what the header says. Other
 * readers pass over both.
 *
 * <p>The file is written under a temporary name in the same directory, forced to the device and
 * moved into place, replacing a file of that name; on any failure the temporary file is removed.
 * The class is not thread-safe.
 *
 * <pre>{@code
 * new SafetensorsWriter().metadata("format", "pt").add(tensor).write(path);
 * }</pre>
 */
public final class SafetensorsWriter {
  private static final int BUFFER = 1 << 20;
  private static final int LARGEST_ALIGNMENT = 4096;

  private record Item(String name, DType dtype, Shape shape, TensorContent content) {
    long byteSize() {
      return dtype.bytes(shape.elementCount());
    }
  }

  private final List<Item> items = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private final SequencedMap<String, String> metadata = new LinkedHashMap<>();
  private int alignment = Long.BYTES;

  /** Starts a file without tensors. */
  public SafetensorsWriter() {}

  /**
   * Adds a free text entry.
   *
   * @param key its name
   * @param value its text
   * @return this writer
   */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /**
   * Lets the data begin at a multiple of some bytes rather than of eight. Tensors are so aligned
   * too if each is a multiple of that long.
   *
   * @param bytes a power of two from 8 to 4096
   * @return this writer
   * @throws IllegalArgumentException if it is something else
   */
  public SafetensorsWriter alignData(int bytes) {
    if (Integer.bitCount(bytes) != 1 || bytes < Long.BYTES || bytes > LARGEST_ALIGNMENT) {
      throw new IllegalArgumentException(
          "bytes: " + bytes + ", expected a power of two from 8 to " + LARGEST_ALIGNMENT);
    }
    alignment = bytes;
    return this;
  }

  /**
   * Declares a tensor that is already there.
   *
   * @param tensor a tensor with a name; read when the file is written
   * @return this writer
   * @throws IllegalArgumentException if there is one of that name, or the name is reserved
   */
  public SafetensorsWriter add(Tensor tensor) {
    return add(tensor.name(), tensor.dtype(), tensor.shape(), sink -> sink.write(tensor.data()));
  }

  /**
   * Declares a tensor whose data is produced when the file is written.
   *
   * @param name its name
   * @param dtype its element type
   * @param shape its dimensions
   * @param content its data, exactly as many bytes as type and shape say
   * @return this writer
   * @throws IllegalArgumentException if there is one of that name, the name is reserved, or the
   *     data would not be a whole number of bytes
   */
  public SafetensorsWriter add(String name, DType dtype, Shape shape, TensorContent content) {
    if (name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException("name: '" + name + "' is reserved for metadata");
    }
    Item item = new Item(name, dtype, shape, content);
    try {
      item.byteSize();
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException("tensor '" + name + "': " + e.getMessage(), e);
    }
    if (!names.add(name)) {
      throw new IllegalArgumentException("tensor '" + name + "' is declared twice");
    }
    items.add(item);
    return this;
  }

  /**
   * Writes the file.
   *
   * @param target where it is to appear
   * @return its size in bytes
   * @throws OutputException if the disk is full, the directory is missing or not writable
   * @throws IOException if a tensor's data cannot be produced
   * @throws IllegalArgumentException if the header would exceed 100,000,000 bytes
   * @throws IllegalStateException if a tensor's data has another size than declared
   */
  public long write(Path target) throws IOException {
    try (OutputFile file = OutputFile.create(target)) {
      long size = write(file);
      file.commit();
      return size;
    }
  }

  long write(OutputFile file) throws IOException {
    items.sort(
        Comparator.comparing(Item::dtype, Comparator.reverseOrder()).thenComparing(Item::name));
    List<Integer> checksums = new ArrayList<>(Collections.nCopies(items.size(), 0));
    ByteBuffer header = header(checksums);
    long size = header.remaining();
    file.write(header);
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    for (int i = 0; i < items.size(); i++) {
      checksums.set(i, stream(items.get(i), file, buffer));
      size += items.get(i).byteSize();
    }
    // The digits have a fixed number, so the header with the checksums takes the same place.
    file.overwrite(0, header(checksums));
    return size;
  }

  /** Length and JSON, padded so that the data is aligned. */
  private ByteBuffer header(List<Integer> checksums) {
    SequencedMap<String, JsonValue> members = new LinkedHashMap<>();
    SequencedMap<String, String> texts = new LinkedHashMap<>(metadata);
    texts.put(Checksums.KEY, Checksums.format(checksums));
    List<SafetensorsHeader.Entry> entries = new ArrayList<>();
    long position = 0;
    for (Item item : items) {
      long end = Math.addExact(position, item.byteSize());
      entries.add(new SafetensorsHeader.Entry(item.name, item.dtype, item.shape, position, end));
      position = end;
    }
    texts.put(Checksums.HEADER_KEY, Checksums.ofHeader(entries, texts));
    members.put(SafetensorsHeader.METADATA, JsonValue.of(texts));
    for (SafetensorsHeader.Entry item : entries) {
      SequencedMap<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", item.dtype().label());
      entry.put("shape", asList(item.shape().dimensions()));
      entry.put("data_offsets", List.of(item.begin(), item.end()));
      members.put(item.name(), JsonValue.of(entry));
    }
    byte[] json = JsonWriter.compact(new JsonValue.Obj(members)).getBytes(StandardCharsets.UTF_8);
    int length = Math.ceilDiv(Long.BYTES + json.length, alignment) * alignment - Long.BYTES;
    if (length > SafetensorsHeader.MAXIMUM_BYTES) {
      throw new IllegalArgumentException(
          items.size()
              + " tensors: the header takes "
              + length
              + " bytes, expected at most "
              + SafetensorsHeader.MAXIMUM_BYTES
              + "; write several files");
    }
    ByteBuffer header =
        ByteBuffer.allocate(Long.BYTES + length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(length)
            .put(json);
    while (header.hasRemaining()) {
      header.put((byte) ' ');
    }
    return header.flip();
  }

  private static List<Long> asList(long[] values) {
    List<Long> list = new ArrayList<>(values.length);
    for (long value : values) {
      list.add(value);
    }
    return list;
  }

  /** Writes a tensor's data and gives its checksum. */
  private static int stream(Item item, OutputFile file, ByteBuffer buffer) throws IOException {
    CRC32C crc = new CRC32C();
    long[] left = {item.byteSize()};
    MemorySegment staging = MemorySegment.ofBuffer(buffer.clear());
    item.content.writeTo(
        bytes -> {
          left[0] -= bytes.byteSize();
          if (left[0] < 0) {
            throw wrongSize(item, left[0]);
          }
          for (long at = 0; at < bytes.byteSize(); at += BUFFER) {
            int count = (int) Math.min(BUFFER, bytes.byteSize() - at);
            MemorySegment.copy(bytes, at, staging, 0, count);
            crc.update(buffer.clear().limit(count));
            file.write(buffer.flip());
          }
        });
    if (left[0] != 0) {
      throw wrongSize(item, left[0]);
    }
    return (int) crc.getValue();
  }

  private static IllegalStateException wrongSize(Item item, long left) {
    return new IllegalStateException(
        "tensor '"
            + item.name
            + "': its content gave "
            + (left < 0 ? "more than " : "")
            + (item.byteSize() - Math.max(0, left))
            + " bytes, expected "
            + item.byteSize()
            + " for "
            + item.dtype.label()
            + " "
            + item.shape);
  }
}
