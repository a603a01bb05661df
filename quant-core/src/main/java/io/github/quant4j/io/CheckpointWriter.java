// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Writes the weights of a model as its tensors become ready, one after the other, in one file or in
 * shards with an index.
 *
 * <p>A tensor that is {@linkplain #append appended} is copied to a hidden file at once and may be
 * dropped, so that no more than one needs to be in memory; one that is {@linkplain #link linked} is
 * read at the end and must stay open until then. {@link #finish()} writes {@code
 * model.safetensors}, or {@code model-00001-of-0000n.safetensors} and the index if that would be
 * larger than a shard may be. The result depends on the tensors alone, not on the order in which
 * they came. While it is written it takes its size on disk twice.
 *
 * <p>The class is thread-safe, so that layers may be finished by several threads.
 */
public final class CheckpointWriter implements AutoCloseable {
  /** The default size limit of a shard, 5 GB. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  private final OutputDirectory directory;
  private final long shardBytes;
  private final Path spill;
  private final FileChannel channel;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
  private final SequencedMap<String, String> metadata = new LinkedHashMap<>();
  private final SortedMap<String, Tensor> linked = new TreeMap<>();
  private final SortedMap<String, Appended> appended = new TreeMap<>();
  private boolean finished;

  /** A tensor in the hidden file. */
  private record Appended(DType dtype, Shape shape, long position, long byteSize) {}

  private CheckpointWriter(
      OutputDirectory directory, long shardBytes, Path spill, FileChannel channel) {
    this.directory = directory;
    this.shardBytes = shardBytes;
    this.spill = spill;
    this.channel = channel;
    // Transformers refuses files that do not name the framework whose tensors they hold.
    metadata.put("format", "pt");
  }

  /**
   * Starts the weights of a model.
   *
   * @param directory where the files go
   * @param shardBytes the most bytes of data in a file, at least 1; a larger tensor gets a file of
   *     its own
   * @return the open writer; the caller closes it
   * @throws OutputException if the directory is not writable
   */
  public static CheckpointWriter create(OutputDirectory directory, long shardBytes)
      throws OutputException {
    if (shardBytes < 1) {
      throw new IllegalArgumentException("shardBytes: " + shardBytes + ", expected at least 1");
    }
    Path spill = directory.resolve(".tensors.tmp");
    try {
      return new CheckpointWriter(
          directory,
          shardBytes,
          spill,
          FileChannel.open(
              spill,
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw new OutputException(directory.target(), e);
    }
  }

  /**
   * Adds a free text entry to each file. There is an entry {@code format} with value {@code pt}
   * from the start.
   *
   * @param key its name
   * @param value its text
   */
  public synchronized void metadata(String key, String value) {
    metadata.put(key, value);
  }

  /**
   * Adds a tensor and copies its data.
   *
   * @param tensor a tensor with a name
   * @throws OutputException if the disk is full
   * @throws IllegalArgumentException if there is one of that name
   */
  public synchronized void append(Tensor tensor) throws OutputException {
    requireNew(tensor);
    try {
      long position = channel.size();
      copy(tensor.data(), position);
      appended.put(
          tensor.name(), new Appended(tensor.dtype(), tensor.shape(), position, tensor.byteSize()));
    } catch (IOException e) {
      throw new OutputException(directory.target(), e);
    }
  }

  private void copy(MemorySegment data, long position) throws IOException {
    MemorySegment staging = MemorySegment.ofBuffer(buffer.clear());
    for (long at = 0; at < data.byteSize(); at += buffer.capacity()) {
      int count = (int) Math.min(buffer.capacity(), data.byteSize() - at);
      MemorySegment.copy(data, at, staging, 0, count);
      buffer.clear().limit(count);
      for (long to = position + at; buffer.hasRemaining(); ) {
        to += channel.write(buffer, to);
      }
    }
  }

  /**
   * Adds a tensor whose data is read when the files are written.
   *
   * @param tensor a tensor with a name; it must stay valid until {@link #finish()} returns
   * @throws IllegalArgumentException if there is one of that name
   */
  public synchronized void link(Tensor tensor) {
    requireNew(tensor);
    linked.put(tensor.name(), tensor);
  }

  private void requireNew(Tensor tensor) {
    requireOpen();
    if (linked.containsKey(tensor.name()) || appended.containsKey(tensor.name())) {
      throw new IllegalArgumentException("tensor '" + tensor.name() + "' is added twice");
    }
  }

  private void requireOpen() {
    if (finished) {
      throw new IllegalStateException("the weights are finished");
    }
  }

  /**
   * Writes the files and removes the hidden one.
   *
   * @return the bytes of all of them, the index included
   * @throws OutputException if the disk is full
   * @throws IOException if a linked tensor cannot be read
   */
  public synchronized long finish() throws IOException {
    requireOpen();
    long size;
    try (Arena arena = Arena.ofShared()) {
      SortedMap<String, Tensor> tensors = new TreeMap<>(linked);
      MemorySegment data = map(arena);
      appended.forEach(
          (name, at) ->
              tensors.put(
                  name,
                  Tensor.of(name, at.dtype, at.shape, data.asSlice(at.position, at.byteSize))));
      size = writeShards(shards(tensors));
    }
    close();
    return size;
  }

  private MemorySegment map(Arena arena) throws OutputException {
    try {
      return channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
    } catch (IOException e) {
      throw new OutputException(directory.target(), e);
    }
  }

  /** Fills one shard after the other, in the order of the names. */
  private List<List<Tensor>> shards(SortedMap<String, Tensor> tensors) {
    List<List<Tensor>> shards = new ArrayList<>();
    List<Tensor> current = new ArrayList<>();
    long size = 0;
    for (Tensor tensor : tensors.values()) {
      if (!current.isEmpty() && size + tensor.byteSize() > shardBytes) {
        shards.add(current);
        current = new ArrayList<>();
        size = 0;
      }
      current.add(tensor);
      size += tensor.byteSize();
    }
    shards.add(current);
    return shards;
  }

  private long writeShards(List<List<Tensor>> shards) throws IOException {
    if (shards.size() == 1) {
      return writeShard(shards.getFirst(), ModelDirectory.WEIGHTS);
    }
    SortedMap<String, String> weightMap = new TreeMap<>();
    long dataBytes = 0;
    long fileBytes = 0;
    for (int i = 0; i < shards.size(); i++) {
      String file =
          String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
      fileBytes += writeShard(shards.get(i), file);
      for (Tensor tensor : shards.get(i)) {
        weightMap.put(tensor.name(), file);
        dataBytes += tensor.byteSize();
      }
    }
    SequencedMap<String, Object> index = new LinkedHashMap<>();
    index.put("metadata", Map.of("total_size", dataBytes));
    index.put("weight_map", weightMap);
    String text = JsonWriter.pretty(JsonValue.of(index));
    return fileBytes + directory.write(ModelDirectory.INDEX, text);
  }

  private long writeShard(List<Tensor> tensors, String file) throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    metadata.forEach(writer::metadata);
    tensors.forEach(writer::add);
    return writer.write(directory.resolve(file));
  }

  /**
   * Removes the hidden file. Closing twice has no effect.
   *
   * @throws OutputException if it cannot be removed
   */
  @Override
  public synchronized void close() throws OutputException {
    finished = true;
    try {
      channel.close();
      Files.deleteIfExists(spill);
    } catch (IOException e) {
      throw new OutputException(directory.target(), e);
    }
  }
}
