// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputFile;
import io.github.quant4j.io.TensorContent;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Writes a GGUF file of version 3: first all tensors are declared, then the data is streamed
 * through a buffer of one mebibyte, in the order in which the tensors were declared.
 *
 * <p>The data is aligned to {@code general.alignment} of the metadata, 32 bytes without it. A file
 * with blocks gets {@code general.quantization_version}, 2. On request the tensors are spread over
 * several files, as llama.cpp does it: {@code name-00001-of-00003.gguf} with the metadata, and the
 * others beside it.
 *
 * <p>Files are written under temporary names in the same directory, forced to the device and, when
 * all are complete, moved into place, replacing files of those names; on any failure the temporary
 * files are removed. The class is not thread-safe.
 *
 * <pre>{@code
 * new GgufWriter(metadata).add("token_embd.weight", type, dimensions, content).write(path);
 * }</pre>
 */
public final class GgufWriter {
  private static final int BUFFER = 1 << 20;

  /** Room for the keys that are added. */
  private static final int ADDED_TEXT = 256;

  /** How many keys are added at most: those of a split, and the quantization version. */
  private static final int ADDED_KEYS = 4;

  /** Two bytes of metadata count the parts. */
  private static final int MOST_PARTS = 65_535;

  private record Item(
      String name, GgufTensorType type, List<Long> dimensions, TensorContent content) {
    long byteSize() {
      return GgufTensor.byteSize(type, dimensions);
    }
  }

  private final GgufMetadata metadata;
  private final int alignment;
  private final List<Item> items = new ArrayList<>();
  private final Set<String> names = new HashSet<>();
  private long partBytes = Long.MAX_VALUE;

  /**
   * Starts a file without tensors.
   *
   * @param metadata keys and values; those of a split are left out
   * @throws IllegalArgumentException if there are more keys than are read, one is too long, or
   *     {@code general.alignment} is not a UINT32 that is a power of two up to 2^30
   */
  public GgufWriter(GgufMetadata metadata) {
    this.metadata =
        metadata.toBuilder()
            .remove(GgufSplit.NUMBER_KEY)
            .remove(GgufSplit.COUNT_KEY)
            .remove(GgufSplit.TENSORS_KEY)
            .build();
    requireReadable(metadata);
    this.alignment = GgufHeader.alignment(metadata);
  }

  /** Refuses what this package would refuse to read again. */
  private static void requireReadable(GgufMetadata metadata) {
    if (metadata.keys().size() > GgufHeader.MOST_KEYS - ADDED_KEYS) {
      throw new IllegalArgumentException(
          "metadata: "
              + metadata.keys().size()
              + " keys, expected at most "
              + (GgufHeader.MOST_KEYS - ADDED_KEYS));
    }
    long text = 0;
    for (String key : metadata.keys()) {
      int length = key.getBytes(StandardCharsets.UTF_8).length;
      if (length > GgufHeader.LONGEST_KEY || key.indexOf('\0') >= 0) {
        throw new IllegalArgumentException(
            "metadata: a key of "
                + length
                + " bytes, expected at most "
                + GgufHeader.LONGEST_KEY
                + " and no zero");
      }
      text += length;
      if (metadata.find(key).orElseThrow() instanceof GgufValue.Text value) {
        text += value.value().getBytes(StandardCharsets.UTF_8).length;
      }
    }
    if (text > GgufHeader.MOST_TEXT - ADDED_TEXT) {
      throw new IllegalArgumentException(
          "metadata: "
              + text
              + " bytes of keys and strings, expected less than "
              + GgufHeader.MOST_TEXT);
    }
  }

  /**
   * Spreads the tensors over several files when their data is larger.
   *
   * @param bytes the most data in a file, at least 1; a larger tensor has a file for itself
   * @return this writer
   * @throws IllegalArgumentException if it is less than 1
   */
  public GgufWriter splitAt(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException("bytes: " + bytes + ", expected at least 1");
    }
    partBytes = bytes;
    return this;
  }

  /**
   * Declares a tensor that is already there.
   *
   * @param tensor the tensor; read when the file is written
   * @return this writer
   * @throws IllegalArgumentException if there is one of that name, or the name is too long
   */
  public GgufWriter add(GgufTensor tensor) {
    return add(
        tensor.name(), tensor.type(), tensor.dimensions(), sink -> sink.write(tensor.data()));
  }

  /**
   * Declares a tensor of plain elements that is already there.
   *
   * @param tensor a tensor with a name; read when the file is written
   * @return this writer
   * @throws IllegalArgumentException if GGUF has no such elements, there is a tensor of that name,
   *     or the name is too long
   */
  public GgufWriter add(Tensor tensor) {
    GgufTensorType type =
        GgufTensorType.of(tensor.dtype())
            .orElseThrow(
                () ->
                    new IllegalArgumentException(
                        tensor + ": GGUF has no elements of type " + tensor.dtype().label()));
    List<Long> dimensions = new ArrayList<>();
    for (int i = tensor.shape().rank() - 1; i >= 0; i--) {
      dimensions.add(tensor.shape().dimension(i));
    }
    return add(tensor.name(), type, dimensions, sink -> sink.write(tensor.data()));
  }

  /**
   * Declares a tensor whose data is produced when the file is written.
   *
   * @param name its name, 1 to 63 bytes of UTF-8
   * @param type the type of its elements or blocks
   * @param dimensions the contiguous one first, at most four
   * @param content its data, exactly as many bytes as type and dimensions say
   * @return this writer
   * @throws IllegalArgumentException if there is one of that name, the name has another length, a
   *     dimension is negative, rows are not whole blocks, or there are more tensors than are read
   */
  public GgufWriter add(
      String name, GgufTensorType type, List<Long> dimensions, TensorContent content) {
    int length = name.getBytes(StandardCharsets.UTF_8).length;
    if (length < 1 || length > GgufHeader.LONGEST_NAME || name.indexOf('\0') >= 0) {
      throw new IllegalArgumentException(
          "name: '"
              + name
              + "' has "
              + length
              + " bytes, expected 1 to "
              + GgufHeader.LONGEST_NAME
              + " and no zero");
    }
    Item item = new Item(name, type, List.copyOf(dimensions), content);
    try {
      item.byteSize();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("tensor '" + name + "': " + e.getMessage(), e);
    }
    if (names.size() == GgufHeader.MOST_TENSORS) {
      throw new IllegalArgumentException(
          "tensor '" + name + "': expected at most " + GgufHeader.MOST_TENSORS + " tensors");
    }
    if (!names.add(name)) {
      throw new IllegalArgumentException("tensor '" + name + "' is declared twice");
    }
    items.add(item);
    return this;
  }

  /**
   * Writes the file, or the files.
   *
   * @param target where the file is to appear; of several files the common name, without numbers
   * @return what was written: the target, or all parts in order
   * @throws OutputException if the disk is full, the directory is missing or not writable
   * @throws IOException if a tensor's data cannot be produced
   * @throws IllegalArgumentException if there would be more than 65,535 parts, or the metadata has
   *     another quantization version than 2 beside blocks
   * @throws IllegalStateException if a tensor's data has another size than declared
   */
  public List<Path> write(Path target) throws IOException {
    GgufMetadata complete = complete();
    List<List<Item>> parts = parts();
    if (parts.size() > MOST_PARTS) {
      throw new IllegalArgumentException(
          parts.size() + " parts, expected at most " + MOST_PARTS + "; let parts be larger");
    }
    List<Path> paths = new ArrayList<>();
    List<OutputFile> files = new ArrayList<>();
    try {
      for (int i = 0; i < parts.size(); i++) {
        boolean single = parts.size() == 1;
        Path path = single ? target : GgufSplit.partOf(target, i, parts.size());
        OutputFile file = OutputFile.create(path);
        files.add(file);
        paths.add(path);
        write(file, single ? complete : ofPart(complete, i, parts.size()), parts.get(i));
      }
      commit(files, paths);
    } finally {
      closeAll(files);
    }
    return List.copyOf(paths);
  }

  /** The first part comes last: without it nobody opens the others. */
  private static void commit(List<OutputFile> files, List<Path> paths) throws OutputException {
    for (int i = files.size() - 1; i >= 0; i--) {
      try {
        files.get(i).commit();
      } catch (OutputException e) {
        for (Path other : paths.subList(i + 1, paths.size())) {
          try {
            Files.deleteIfExists(other);
          } catch (IOException deleting) {
            e.addSuppressed(deleting);
          }
        }
        throw e;
      }
    }
  }

  private static void closeAll(List<OutputFile> files) throws OutputException {
    OutputException failure = null;
    for (OutputFile file : files) {
      try {
        file.close();
      } catch (OutputException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private GgufMetadata complete() {
    if (items.stream().allMatch(item -> item.type.blockSize() == 1)) {
      return metadata;
    }
    GgufValue expected = new GgufValue.Whole(GgufValueType.UINT32, GgufHeader.QUANTIZATION_VERSION);
    GgufValue found = metadata.find(GgufHeader.QUANTIZATION_VERSION_KEY).orElse(expected);
    if (!found.equals(expected)) {
      throw new IllegalArgumentException(
          "metadata '"
              + GgufHeader.QUANTIZATION_VERSION_KEY
              + "': "
              + found.kind()
              + " "
              + found
              + ", expected uint32 "
              + expected);
    }
    return metadata.toBuilder().put(GgufHeader.QUANTIZATION_VERSION_KEY, expected).build();
  }

  private List<List<Item>> parts() {
    List<List<Item>> parts = new ArrayList<>();
    List<Item> part = new ArrayList<>();
    parts.add(part);
    long size = 0;
    for (Item item : items) {
      long bytes = GgufHeader.align(item.byteSize(), alignment);
      if (!part.isEmpty() && bytes > partBytes - size) {
        part = new ArrayList<>();
        parts.add(part);
        size = 0;
      }
      part.add(item);
      size = Math.addExact(size, bytes);
    }
    return parts;
  }

  private GgufMetadata ofPart(GgufMetadata complete, int number, int count) {
    GgufMetadata.Builder builder = GgufMetadata.builder();
    if (number == 0) {
      builder.putAll(complete);
    } else {
      // Each part is aligned as it says itself.
      complete
          .find(GgufHeader.ALIGNMENT_KEY)
          .ifPresent(value -> builder.put(GgufHeader.ALIGNMENT_KEY, value));
    }
    return builder
        .put(GgufSplit.NUMBER_KEY, new GgufValue.Whole(GgufValueType.UINT16, number))
        .put(GgufSplit.COUNT_KEY, new GgufValue.Whole(GgufValueType.UINT16, count))
        .putInt(GgufSplit.TENSORS_KEY, items.size())
        .build();
  }

  private void write(OutputFile file, GgufMetadata partMetadata, List<Item> part)
      throws IOException {
    List<GgufHeader.Entry> entries = new ArrayList<>();
    long position = 0;
    for (Item item : part) {
      entries.add(
          new GgufHeader.Entry(item.name, item.type, item.dimensions, position, item.byteSize()));
      position = GgufHeader.align(Math.addExact(position, item.byteSize()), alignment);
    }
    file.write(GgufHeaderWriter.header(partMetadata, entries, alignment));
    ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);
    for (Item item : part) {
      stream(item, file, buffer);
      long size = item.byteSize();
      pad(file, GgufHeader.align(size, alignment) - size, buffer);
    }
  }

  private static void stream(Item item, OutputFile file, ByteBuffer buffer) throws IOException {
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
            file.write(buffer.clear().limit(count));
          }
        });
    if (left[0] != 0) {
      throw wrongSize(item, left[0]);
    }
  }

  private static void pad(OutputFile file, long bytes, ByteBuffer buffer) throws OutputException {
    MemorySegment.ofBuffer(buffer.clear()).fill((byte) 0);
    for (long left = bytes; left > 0; left -= BUFFER) {
      file.write(buffer.clear().limit((int) Math.min(BUFFER, left)));
    }
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
            + item.type
            + " "
            + item.dimensions);
  }
}
