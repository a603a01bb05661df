// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write a target, which one owner has at a time, in this process and in others: a lock
 * on a hidden file beside the target. The file is removed when the lock is given back; one that a
 * killed process leaves is no lock and is taken over.
 */
public final class OutputLock implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OutputLock.class);
  private static final int LONGEST_OWNER = 20;

  /**
   * The locks of this process. The file system cannot tell its threads apart, and as soon as any
   * channel to a locked file is closed some systems give up the lock of the whole process.
   */
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private OutputLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /**
   * Takes the lock of a target.
   *
   * @param target its absolute path, whose parent exists
   * @return the lock; the caller closes it
   * @throws OutputException if somebody else has it; the message says who
   * @throws IOException if the lock file cannot be written
   */
  public static OutputLock acquire(Path target) throws IOException {
    Path beside = target.resolveSibling("." + target.getFileName() + ".quant4j-lock");
    Path directory = Objects.requireNonNull(beside.getParent()).toRealPath();
    Path file = directory.resolve(Objects.requireNonNull(beside.getFileName()));
    if (!HELD.add(file)) {
      throw inUse(target, "this process itself");
    }
    try {
      FileChannel locked = null;
      while (locked == null) {
        locked = lock(target, file);
      }
      return new OutputLock(file, locked);
    } catch (Throwable e) {
      HELD.remove(file);
      throw e;
    }
  }

  /** The locked file, or null if it has been removed by its last owner meanwhile. */
  private static @Nullable FileChannel lock(Path target, Path file) throws IOException {
    try {
      Files.createFile(file);
    } catch (FileAlreadyExistsException _) {
      // Somebody has the lock, or was killed while they had it.
    }
    Object before = key(file);
    FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean kept = false;
    try {
      if (isLocked(target, channel) && Objects.equals(before, key(file))) {
        channel.truncate(0);
        channel.write(
            ByteBuffer.wrap(
                Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.UTF_8)));
        kept = true;
        return channel;
      }
      return null;
    } finally {
      if (!kept) {
        channel.close();
      }
    }
  }

  private static boolean isLocked(Path target, FileChannel channel) throws IOException {
    try {
      if (channel.tryLock() == null) {
        throw inUse(target, "process " + owner(channel));
      }
    } catch (OverlappingFileLockException _) {
      throw inUse(target, "this process itself");
    } catch (OutputException | ClosedByInterruptException e) {
      throw e;
    } catch (IOException e) {
      // Some network file systems have no locks; the work can be done there all the same.
      LOG.warn("{}: no other run must write here, which cannot be made sure of: {}", target, e);
    }
    return true;
  }

  private static OutputException inUse(Path target, String owner) {
    return new OutputException(
        target,
        "is being written by another run, of "
            + owner
            + "; wait until that has ended, or choose another place");
  }

  private static String owner(FileChannel channel) {
    ByteBuffer bytes = ByteBuffer.allocate(LONGEST_OWNER);
    try {
      channel.read(bytes, 0);
      return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    } catch (IOException _) {
      // Where locks are mandatory the file cannot be read.
      return "unknown";
    }
  }

  private static @Nullable Object key(Path file) throws IOException {
    try {
      return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    } catch (NoSuchFileException _) {
      // A key that no file has.
      return new Object();
    }
  }

  /** Gives the lock back. Closing twice has no effect. */
  @Override
  public void close() {
    if (!channel.isOpen()) {
      return;
    }
    try (FileChannel _ = channel) {
      // Before the lock is given up, as the file is another owner's then.
      Files.deleteIfExists(file);
    } catch (IOException e) {
      LOG.debug("{} stays", file, e);
    } finally {
      HELD.remove(file);
    }
  }
}
