// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * A directory of results that appears under its name when it is complete, and not before.
 *
 * <p>Everything is written to a hidden directory beside the target; {@link #commit()} forces it to
 * the device and renames it. Closing without commit removes what was written, and the parent
 * directories that were made for it. The class is not thread-safe.
 *
 * <p>Until it is closed nobody else may write the same target, in this process or in another. What
 * a process has left that was killed before it could close is removed when the target is written
 * the next time; a directory that it was just replacing is put back first.
 *
 * <pre>{@code
 * try (OutputDirectory output = OutputDirectory.create(target, false)) {
 *   writer.write(output.resolve("model.safetensors"));
 *   output.write("config.json", text);
 *   output.commit();
 * }
 * }</pre>
 */
public final class OutputDirectory implements AutoCloseable {
  private final Path target;
  private final Path staging;
  private final List<Path> madeParents;
  private final OutputLock lock;
  private final SortedMap<String, FileChecksums.Sum> sums = new TreeMap<>();
  private boolean committed;

  private OutputDirectory(Path target, Path staging, List<Path> madeParents, OutputLock lock) {
    this.target = target;
    this.staging = staging;
    this.madeParents = madeParents;
    this.lock = lock;
  }

  /**
   * Starts a directory.
   *
   * @param target where it is to appear; missing parents are made
   * @param overwrite whether a model directory that is there already may be replaced
   * @return the open directory; the caller closes it
   * @throws OutputException if the target exists and may not be replaced, is not a directory, or is
   *     a directory that does not look like a model: one that is not empty must have a {@code
   *     config.json} and weights and no directories within, so that a slip of the pen cannot delete
   *     other things; if somebody else is writing it; or if the place is not writable
   */
  public static OutputDirectory create(Path target, boolean overwrite) throws OutputException {
    Path absolute = target.toAbsolutePath().normalize();
    requireReplaceable(absolute, overwrite);
    List<Path> madeParents = new ArrayList<>();
    OutputLock lock = null;
    try {
      Path parent = absolute.getParent();
      if (parent == null) {
        throw new OutputException(target, "the root of the file system cannot be replaced");
      }
      makeParents(parent, madeParents);
      lock = OutputLock.acquire(absolute);
      Leftovers.clearDirectory(absolute);
      requireReplaceable(absolute, overwrite);
      Path staging = Leftovers.hiddenSibling(absolute, Leftovers.TEMPORARY);
      Files.createDirectory(staging);
      return new OutputDirectory(absolute, staging, madeParents, lock);
    } catch (OutputException e) {
      giveUp(lock, madeParents);
      throw e;
    } catch (IOException e) {
      giveUp(lock, madeParents);
      throw new OutputException(target, e);
    }
  }

  private static void giveUp(@Nullable OutputLock lock, List<Path> madeParents) {
    if (lock != null) {
      lock.close();
    }
    removeEmpty(madeParents);
  }

  private static void requireReplaceable(Path target, boolean overwrite) throws OutputException {
    if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    if (!overwrite) {
      throw new OutputException(
          target, "exists already; choose another place, or allow it to be overwritten");
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new OutputException(target, "is not a directory, so it is not overwritten");
    }
    try (Stream<Path> listing = Files.list(target)) {
      List<Path> entries = listing.toList();
      if (entries.isEmpty()) {
        return;
      }
      boolean hasWeights =
          Files.exists(target.resolve(ModelDirectory.WEIGHTS))
              || Files.exists(target.resolve(ModelDirectory.INDEX));
      if (!hasWeights || !Files.exists(target.resolve(ModelDirectory.CONFIG))) {
        throw new OutputException(
            target,
            "is neither empty nor a model directory (which has "
                + ModelDirectory.CONFIG
                + " and "
                + ModelDirectory.WEIGHTS
                + "), so it is not overwritten");
      }
      for (Path entry : entries) {
        if (Files.isDirectory(entry, LinkOption.NOFOLLOW_LINKS)) {
          throw new OutputException(
              target,
              "has a directory '"
                  + entry.getFileName()
                  + "' in it, which would be deleted, so it is not overwritten; move that, or"
                  + " choose another place");
        }
      }
    } catch (OutputException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  private static void makeParents(Path directory, List<Path> made) throws IOException {
    if (Files.exists(directory)) {
      return;
    }
    Path parent = directory.getParent();
    if (parent != null) {
      makeParents(parent, made);
    }
    Files.createDirectory(directory);
    made.add(directory);
  }

  private static void removeEmpty(List<Path> directories) {
    for (Path directory : directories.reversed()) {
      try {
        Files.deleteIfExists(directory);
      } catch (IOException _) {
        // Somebody has put something there meanwhile, and keeps it.
        return;
      }
    }
  }

  /**
   * Where the result will be.
   *
   * @return the absolute path of the finished directory
   */
  public Path target() {
    return target;
  }

  /**
   * Where to write a file that belongs to the result.
   *
   * @param name the file's name
   * @return a path within the hidden directory
   * @throws IllegalArgumentException if the name is not a plain file name
   */
  public Path resolve(String name) {
    Path path = staging.resolve(name);
    if (!staging.equals(path.getParent()) || !path.normalize().equals(path)) {
      throw new IllegalArgumentException("name: '" + name + "', expected a plain file name");
    }
    return path;
  }

  /**
   * Writes a text file.
   *
   * @param name the file's name
   * @param text its contents, stored in UTF-8
   * @return its size in bytes
   * @throws OutputException if it cannot be written
   * @throws IllegalArgumentException if the name is not a plain file name
   */
  public long write(String name, String text) throws OutputException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (OutputFile file = OutputFile.create(resolve(name))) {
      file.write(ByteBuffer.wrap(bytes));
      file.commit();
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    sums.put(name, new FileChecksums.Sum(bytes.length, Checksums.hex(crc)));
    return bytes.length;
  }

  /**
   * Writes the checksums of all files that {@link #write} and {@link #copy} have written so far, in
   * place of those written before.
   *
   * @return the size of the file in bytes
   * @throws OutputException if it cannot be written
   * @see FileChecksums
   */
  public long writeChecksums() throws OutputException {
    sums.remove(FileChecksums.FILE);
    return write(FileChecksums.FILE, FileChecksums.toJson(sums));
  }

  /**
   * Copies a file under its own name, with the permissions of a new file.
   *
   * @param source the file
   * @return its size in bytes
   * @throws OutputException if it cannot be written
   * @throws IOException if it cannot be read
   */
  public long copy(Path source) throws IOException {
    String name = String.valueOf(source.getFileName());
    try (FileChannel from = FileChannel.open(source, StandardOpenOption.READ);
        OutputFile to = OutputFile.create(resolve(name))) {
      CRC32C crc = new CRC32C();
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 16);
      long size = 0;
      while (from.read(buffer.clear()) >= 0) {
        size += buffer.flip().remaining();
        crc.update(buffer.duplicate());
        to.write(buffer);
      }
      to.commit();
      sums.put(name, new FileChecksums.Sum(size, Checksums.hex(crc)));
      return size;
    }
  }

  /**
   * Lets the result appear. Nothing may be written afterwards.
   *
   * @throws OutputException if the files cannot be forced to the device or the directory cannot be
   *     moved; what was there before is then still there. Also if the result is in place but what
   *     it replaced cannot be removed; the message then names that
   */
  public void commit() throws OutputException {
    if (committed) {
      throw new IllegalStateException(target + " is committed already");
    }
    Path old = null;
    try {
      forceFiles();
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        old = replace();
      } else {
        Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
      }
      committed = true;
      OutputFile.forceDirectory(target);
      if (old != null) {
        deleteTree(old);
      }
    } catch (OutputException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(committed && old != null ? old : target, e);
    }
  }

  private void forceFiles() throws IOException {
    for (Path file : tree(staging)) {
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        StandardOpenOption mode =
            Files.isWritable(file) ? StandardOpenOption.WRITE : StandardOpenOption.READ;
        try (FileChannel channel = FileChannel.open(file, mode)) {
          channel.force(true);
        }
      }
    }
  }

  /** Two moves, as a directory cannot be moved over another; the first is undone on failure. */
  private Path replace() throws IOException {
    requireReplaceable(target, true);
    Path old = Leftovers.hiddenSibling(target, Leftovers.REPLACED);
    Files.move(target, old, StandardCopyOption.ATOMIC_MOVE);
    try {
      Files.move(staging, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      Files.move(old, target, StandardCopyOption.ATOMIC_MOVE);
      throw e;
    }
    // From here on it is not to be put back, whatever becomes of this process.
    Path unwanted = Leftovers.hiddenSibling(target, Leftovers.TEMPORARY);
    try {
      return Files.move(old, unwanted, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException _) {
      return old;
    }
  }

  /** All that is below a directory and the directory itself, the deepest first. */
  private static List<Path> tree(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      return tree.sorted(Comparator.reverseOrder()).toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  static void deleteTree(Path root) throws IOException {
    if (Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      for (Path path : tree(root)) {
        Files.delete(path);
      }
    }
  }

  /**
   * Removes what was written unless it was committed, and lets others write the target.
   *
   * @throws OutputException if it cannot be removed
   */
  @Override
  public void close() throws OutputException {
    try (lock) {
      if (!committed) {
        deleteTree(staging);
      }
    } catch (IOException e) {
      throw new OutputException(staging, e);
    }
    if (!committed) {
      removeEmpty(madeParents);
    }
  }
}
