// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.SequencedSet;

/**
 * A safetensors file, memory-mapped: its tensors are views of the file, of any size, and nothing is
 * read before it is used.
 *
 * <p>Layout: eight bytes little-endian header length, the header in JSON, the data. Opening checks
 * every rule of the format: the header is at most {@value #MAXIMUM_HEADER_BYTES} bytes and lies
 * within the file; names are unique; each tensor's byte range is that of its type and shape; the
 * ranges fill the data from the first byte to the last without holes or overlaps. Opening costs
 * time and memory proportional to the header.
 *
 * <p>Instances are immutable and thread-safe. After {@link #close()} an access to a tensor's data
 * throws {@link IllegalStateException}. The file must not be truncated while it is open.
 *
 * @see <a href="https://github.com/huggingface/safetensors">The format's specification</a>
 */
public final class SafetensorsFile implements TensorSource {
  /** The longest header that is accepted, in bytes. */
  public static final int MAXIMUM_HEADER_BYTES = SafetensorsHeader.MAXIMUM_BYTES;

  private static final int PREFIX = Long.BYTES;

  private final Path path;
  private final Arena arena;
  private final SequencedMap<String, Tensor> tensors;
  private final SequencedMap<String, String> metadata;
  private final long byteSize;
  private final Map<String, Integer> positions;

  private SafetensorsFile(
      Path path,
      Arena arena,
      SequencedMap<String, Tensor> tensors,
      SequencedMap<String, String> metadata,
      long byteSize) {
    this.path = path;
    this.arena = arena;
    this.tensors = Collections.unmodifiableSequencedMap(tensors);
    this.metadata = Collections.unmodifiableSequencedMap(metadata);
    this.byteSize = byteSize;
    Map<String, Integer> order = new HashMap<>();
    for (String name : tensors.keySet()) {
      order.put(name, order.size());
    }
    this.positions = Map.copyOf(order);
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @return the open file; the caller closes it
   * @throws TensorFileException if the file is missing or breaks a rule of the format
   * @throws IOException if reading fails
   */
  // The arena is the new object's: close() closes it.
  @SuppressWarnings("MustBeClosedChecker")
  public static SafetensorsFile open(Path path) throws IOException {
    InputFiles.requireReadableFile(path, "a safetensors file");
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long size = channel.size();
      byte[] json = new byte[headerLength(path, channel, size)];
      readFully(path, channel, PREFIX, ByteBuffer.wrap(json));
      long start = (long) PREFIX + json.length;
      SafetensorsHeader header = SafetensorsHeader.parse(path, json, size - start);
      Arena arena = Arena.ofShared();
      try {
        MemorySegment data = channel.map(MapMode.READ_ONLY, start, size - start, arena);
        SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
        for (SafetensorsHeader.Entry entry : header.entries()) {
          MemorySegment view = data.asSlice(entry.begin(), entry.end() - entry.begin());
          tensors.put(entry.name(), Tensor.of(entry.name(), entry.dtype(), entry.shape(), view));
        }
        return new SafetensorsFile(path, arena, tensors, header.metadata(), size);
      } catch (Throwable e) {
        arena.close();
        throw e;
      }
    }
  }

  /** The header's length, checked against the limit and the file before anything is allocated. */
  private static int headerLength(Path path, FileChannel channel, long size) throws IOException {
    if (size < PREFIX) {
      throw new TensorFileException(
          path, size + " bytes, expected at least " + PREFIX + " for the header's length");
    }
    ByteBuffer prefix = ByteBuffer.allocate(PREFIX).order(ByteOrder.LITTLE_ENDIAN);
    readFully(path, channel, 0, prefix);
    long length = prefix.getLong(0);
    if (length < 1 || length > MAXIMUM_HEADER_BYTES) {
      throw new TensorFileException(
          path,
          "the header's length is "
              + Long.toUnsignedString(length)
              + ", expected 1 to "
              + MAXIMUM_HEADER_BYTES
              + "; is this a safetensors file?");
    }
    if (length > size - PREFIX) {
      throw new TensorFileException(
          path,
          "the header's length is "
              + length
              + ", but the file ends after "
              + (size - PREFIX)
              + " more bytes; it is truncated");
    }
    return (int) length;
  }

  private static void readFully(Path path, FileChannel channel, long position, ByteBuffer target)
      throws IOException {
    long at = position;
    while (target.hasRemaining()) {
      int count = channel.read(target, at);
      if (count < 0) {
        throw new TensorFileException(path, "ended at byte " + at + " while it was being read");
      }
      at += count;
    }
  }

  /**
   * Where the file lies.
   *
   * @return the path that it was opened with
   */
  public Path path() {
    return path;
  }

  /**
   * The size of the whole file.
   *
   * @return bytes
   */
  public long byteSize() {
    return byteSize;
  }

  /**
   * The free text entries of the header.
   *
   * @return in the file's order; empty if there are none
   */
  public SequencedMap<String, String> metadata() {
    return metadata;
  }

  /**
   * {@inheritDoc}
   *
   * @return in the order of their data
   */
  @Override
  public SequencedSet<String> names() {
    return Collections.unmodifiableSequencedSet(tensors.sequencedKeySet());
  }

  @Override
  public Optional<Tensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  @Override
  public ChecksumState verify(String name) {
    Tensor tensor = require(name);
    String checksums = metadata.get(Checksums.KEY);
    if (checksums == null) {
      return ChecksumState.ABSENT;
    }
    int position = Objects.requireNonNull(positions.get(name));
    boolean intact =
        Checksums.isWellFormed(checksums, tensors.size())
            && Checksums.parse(checksums, position) == Checksums.of(tensor.data());
    return intact ? ChecksumState.INTACT : ChecksumState.CORRUPT;
  }

  /** Unmaps the file. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /** The path and the number of tensors. */
  @Override
  public String toString() {
    return path + " (" + tensors.size() + " tensors)";
  }
}
