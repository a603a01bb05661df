// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.onnx;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.InputFiles;
import io.github.quant4j.io.TensorFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An ONNX file, memory-mapped with the files beside it that have its data. Weights are not copied.
 *
 * <p>Opening reads the structure and checks it: lengths and counts against the bytes that there
 * are, the sizes of all tensors against their dimensions and types, types and attributes, names of
 * initializers, and external data, whose files must be there and below the model's directory (links
 * are followed). What the operators mean is not looked at. Refused are also more than 4,194,304
 * fields, messages nested deeper than 100, and single messages that occur twice; unknown fields are
 * kept. Opening costs time proportional to the file without raw data, and memory proportional to
 * the number of its fields.
 *
 * <p>Instances are thread-safe. After {@link #close()} an access to data throws {@link
 * IllegalStateException}. The files must not be truncated while they are open.
 *
 * @see <a href="https://github.com/onnx/onnx/blob/main/docs/IR.md">The specification</a>
 */
public final class OnnxFile implements AutoCloseable {
  /** How names of such files end. */
  public static final String EXTENSION = ".onnx";

  private static final byte[] LARGE_FILE_POINTER =
      "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

  private final Path path;
  private final Arena arena;
  private final OnnxModel model;
  private final ExternalFiles files;
  private final Map<String, String> digests = new ConcurrentHashMap<>();

  private OnnxFile(Path path, Arena arena, OnnxModel model, ExternalFiles files) {
    this.path = path;
    this.arena = arena;
    this.model = model;
    this.files = files;
  }

  /**
   * Opens a file.
   *
   * @param path the file
   * @return the open file; the caller closes it
   * @throws TensorFileException if it or a file of its data is missing or breaks a rule of the
   *     format; the message says where in the model
   * @throws IOException if reading fails
   */
  // The arena is the new object's: close() closes it.
  @SuppressWarnings("MustBeClosedChecker")
  public static OnnxFile open(Path path) throws IOException {
    InputFiles.requireReadableFile(path, "an ONNX file");
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
      ExternalFiles files = new ExternalFiles(path.toAbsolutePath().resolveSibling(""), arena);
      return new OnnxFile(path, arena, read(path, bytes, files), files);
    } catch (UncheckedIOException e) {
      arena.close();
      throw e.getCause();
    } catch (Throwable e) {
      arena.close();
      throw e;
    }
  }

  private static OnnxModel read(Path path, MemorySegment bytes, ExternalFiles files)
      throws TensorFileException {
    MemorySegment pointer = MemorySegment.ofArray(LARGE_FILE_POINTER);
    if (bytes.byteSize() >= pointer.byteSize()
        && bytes.asSlice(0, pointer.byteSize()).mismatch(pointer) < 0) {
      throw new TensorFileException(
          path, "a pointer of Git LFS, expected the file that it stands for");
    }
    try {
      ReadBudget budget = ReadBudget.of(files);
      return OnnxModel.read(ProtoMessage.parse(bytes, budget), budget);
    } catch (IllegalArgumentException e) {
      throw new TensorFileException(path, e);
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
   * What is in it.
   *
   * @return the model, valid while the file is open
   */
  public OnnxModel model() {
    return model;
  }

  /**
   * The files beside it that have its data.
   *
   * @return their locations as the model names them, sorted
   */
  public List<String> externalFiles() {
    return List.copyOf(files.mapped().keySet());
  }

  /**
   * Compares the checksum of a tensor's external data. It is that of the whole file, which is read
   * once for all tensors.
   *
   * @param tensor a tensor of this file
   * @return absent for data in the file itself
   */
  public ChecksumState verify(OnnxTensor tensor) {
    Optional<ExternalLocation> place = tensor.location();
    Optional<String> checksum = place.flatMap(ExternalLocation::checksum);
    if (checksum.isEmpty()) {
      return ChecksumState.ABSENT;
    }
    String found =
        digests.computeIfAbsent(place.get().location(), location -> digest(files.map(location)));
    return found.equalsIgnoreCase(checksum.get()) ? ChecksumState.INTACT : ChecksumState.CORRUPT;
  }

  private static String digest(MemorySegment bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-1");
      for (long from = 0; from < bytes.byteSize(); from += 1 << 26) {
        long size = Math.min(1 << 26, bytes.byteSize() - from);
        digest.update(bytes.asSlice(from, size).asByteBuffer());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-1", e);
    }
  }

  /** Unmaps the files. Closing twice has no effect. */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  /** The path and the model. */
  @Override
  public String toString() {
    return path + " (" + model + ")";
  }
}
