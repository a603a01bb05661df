// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.InputFiles;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.TensorFileException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A GGUF file of version 2 or 3, memory-mapped: its tensors are views of the file, and nothing is
 * read of them before it is used. A model that is split into several files is opened by its first
 * part and looks like one.
 *
 * <p>Opening checks the header as ggml does: counts and lengths against the bytes that the file
 * has, names that are unique and at most 63 bytes long, known types, whole blocks, and data that
 * follows in order, aligned, without holes or overlaps, and within the file. Beyond that a file is
 * refused with more than 16,384 keys or 50,000 tensors, more than 8 MiB of keys and single strings,
 * arrays within arrays, text that is not UTF-8, or blocks of another quantization version than 2.
 * Opening costs time and memory proportional to the header, less memory than the file has bytes but
 * for at most 64 MiB.
 *
 * <p>Instances are immutable and thread-safe. After {@link #close()} an access to a tensor's data
 * throws {@link IllegalStateException}; the metadata stays. The files must not be truncated while
 * they are open.
 *
 * @see <a href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md">The specification</a>
 */
public final class GgufFile implements AutoCloseable {
  private final Path path;
  private final Arena arena;
  private final List<Path> parts;
  private final int version;
  private final GgufMetadata metadata;
  private final SequencedMap<String, GgufTensor> tensors;
  private final long byteSize;

  private GgufFile(Path path, Arena arena, int version, GgufMetadata metadata, Content content) {
    this.path = path;
    this.arena = arena;
    this.parts = List.copyOf(content.parts);
    this.version = version;
    this.metadata = metadata;
    this.tensors = Collections.unmodifiableSequencedMap(content.tensors);
    this.byteSize = content.byteSize;
  }

  /** What the parts hold together. */
  private static final class Content {
    private final List<Path> parts = new ArrayList<>();
    private final SequencedMap<String, GgufTensor> tensors = new LinkedHashMap<>();
    private long byteSize;

    /** Maps a part and adds its tensors. */
    GgufHeader add(Path path, Arena arena) throws IOException {
      InputFiles.requireReadableFile(path, "a GGUF file");
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        MemorySegment file = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
        GgufHeader header = GgufHeaderReader.read(path, file);
        for (GgufHeader.Entry entry : header.tensors()) {
          GgufTensor tensor =
              new GgufTensor(
                  entry.name(),
                  entry.type(),
                  entry.dimensions(),
                  file.asSlice(header.dataStart() + entry.offset(), entry.bytes()));
          if (tensors.put(entry.name(), tensor) != null) {
            throw new TensorFileException(
                path, "tensor '" + entry.name() + "': is in an earlier part already");
          }
        }
        parts.add(path);
        byteSize += file.byteSize();
        return header;
      }
    }
  }

  /**
   * The file that a path means, if it means one of this format: a file that begins as GGUF files do
   * or is called one, or the only model in a directory that has no config.json.
   *
   * @param path any path
   * @return the file to open, of several parts the first; empty for other files and directories. A
   *     file that is only called one may be missing or malformed
   * @throws IOException if the path cannot be looked at
   */
  public static Optional<Path> locate(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      return Files.exists(path.resolve(ModelDirectory.CONFIG)) ? Optional.empty() : only(path);
    }
    return isNamed(path) || begins(path) ? Optional.of(path) : Optional.empty();
  }

  private static boolean isNamed(Path path) {
    return String.valueOf(path.getFileName()).endsWith(GgufSplit.EXTENSION);
  }

  private static Optional<Path> only(Path directory) throws IOException {
    List<Path> models = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        if (isNamed(entry) && Files.isRegularFile(entry) && !GgufSplit.isLaterPart(entry)) {
          models.add(entry);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return models.size() == 1 ? Optional.of(models.getFirst()) : Optional.empty();
  }

  private static boolean begins(Path path) throws IOException {
    if (!Files.isRegularFile(path) || !Files.isReadable(path)) {
      return false;
    }
    try (InputStream in = Files.newInputStream(path)) {
      return GgufHeaderReader.isGguf(MemorySegment.ofArray(in.readNBytes(Integer.BYTES)));
    }
  }

  /**
   * Opens a file, or all files of a model by its first.
   *
   * @param path the file
   * @return the open file; the caller closes it
   * @throws TensorFileException if a file is missing or breaks a rule of the format, or is a part
   *     of a model that is not its first
   * @throws IOException if reading fails
   */
  // The arena is the new object's: close() closes it.
  @SuppressWarnings("MustBeClosedChecker")
  public static GgufFile open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try {
      Content content = new Content();
      GgufHeader header = content.add(path, arena);
      Optional<GgufSplit> split = GgufSplit.of(path, header.metadata());
      if (split.isPresent()) {
        openOthers(path, split.get(), content, arena);
      }
      return new GgufFile(path, arena, header.version(), header.metadata(), content);
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private static void openOthers(Path path, GgufSplit split, Content content, Arena arena)
      throws IOException {
    if (split.number() != 0) {
      throw new TensorFileException(
          path,
          "part "
              + (split.number() + 1)
              + " of "
              + split.count()
              + "; open the first part, "
              + split.part(path, 0));
    }
    for (int i = 1; i < split.count(); i++) {
      Path part = split.part(path, i);
      if (!Files.exists(part)) {
        throw new TensorFileException(
            path, "part " + (i + 1) + " of " + split.count() + " is missing: " + part);
      }
      GgufHeader header = content.add(part, arena);
      GgufSplit found = GgufSplit.of(part, header.metadata()).orElse(null);
      if (found == null || found.number() != i || found.count() != split.count()) {
        throw new TensorFileException(
            part,
            (found == null
                    ? "not a part of a split model"
                    : "part " + (found.number() + 1) + " of " + found.count())
                + ", expected part "
                + (i + 1)
                + " of "
                + split.count());
      }
      if (content.tensors.size() > GgufHeader.MOST_TENSORS) {
        throw new TensorFileException(
            part, "more than " + GgufHeader.MOST_TENSORS + " tensors in all parts");
      }
    }
    if (content.tensors.size() != split.tensors()) {
      throw new TensorFileException(
          path,
          "metadata '"
              + GgufSplit.TENSORS_KEY
              + "': "
              + split.tensors()
              + ", but the parts have "
              + content.tensors.size());
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
   * The files of the model.
   *
   * @return one, or all parts in order
   */
  public List<Path> parts() {
    return parts;
  }

  /**
   * The version of the format.
   *
   * @return 2 or 3
   */
  public int version() {
    return version;
  }

  /**
   * The size of the file, or of all parts.
   *
   * @return bytes
   */
  public long byteSize() {
    return byteSize;
  }

  /**
   * The metadata, of a split model that of the first part.
   *
   * @return keys and values in the file's order
   */
  public GgufMetadata metadata() {
    return metadata;
  }

  /**
   * All tensors by name.
   *
   * @return in the order of their data
   */
  public SequencedMap<String, GgufTensor> tensors() {
    return tensors;
  }

  /**
   * A tensor.
   *
   * @param name its name
   * @return the tensor, or empty if there is none of that name
   */
  public Optional<GgufTensor> find(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** Unmaps the files. Closing twice has no effect. */
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
