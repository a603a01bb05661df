// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears under its name when it is complete, and not before: it is written under
 * another name in the same directory, forced to the device, and moved.
 *
 * <p>Every failure of the file system becomes an {@link OutputException}; closing without {@link
 * #commit()} removes what was written.
 */
public final class OutputFile implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final SeekableByteChannel channel;
  private boolean committed;

  OutputFile(Path target, Path temporary, SeekableByteChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
  }

  /**
   * Starts a file.
   *
   * @param target where it is to appear; its directory must be there
   * @return a file without bytes; the caller closes it
   * @throws OutputException if it cannot be made
   */
  public static OutputFile create(Path target) throws OutputException {
    Leftovers.clearFile(target);
    Path temporary = Leftovers.hiddenSibling(target, Leftovers.TEMPORARY);
    try {
      // Not Files.createTempFile, whose files only their owner may read.
      FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      Leftovers.hold(temporary, channel);
      return new OutputFile(target, temporary, channel);
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  /**
   * Writes the next bytes.
   *
   * @param bytes all that remain in the buffer
   * @throws OutputException if they cannot be written
   */
  public void write(ByteBuffer bytes) throws OutputException {
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  /** Writes over what is already there, and continues at the end. */
  void overwrite(long position, ByteBuffer bytes) throws OutputException {
    try {
      long end = channel.position();
      channel.position(position);
      write(bytes);
      channel.position(end);
    } catch (OutputException e) {
      throw e;
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  /**
   * Forces the file to the device and lets it appear under its name, in place of one that may be
   * there.
   *
   * @throws OutputException if that fails; the file is still to be closed then
   */
  public void commit() throws OutputException {
    try {
      if (channel instanceof FileChannel file) {
        file.force(true);
      }
      // While the file is locked nobody takes it for a leftover, so it is moved before it is
      // closed.
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      committed = true;
      channel.close();
      Leftovers.release(temporary);
      forceDirectory(target);
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  /** Makes a move durable. Some systems cannot open a directory; there the move has to do. */
  static void forceDirectory(Path child) {
    Path directory = child.toAbsolutePath().getParent();
    if (directory == null) {
      return;
    }
    try (FileChannel opened = FileChannel.open(directory, StandardOpenOption.READ)) {
      opened.force(true);
    } catch (IOException _) {
      // The file itself is on the device; only its name could be lost with the power.
      return;
    }
  }

  /**
   * Removes what was written, unless it is committed.
   *
   * @throws OutputException if that fails
   */
  @Override
  public void close() throws OutputException {
    if (committed) {
      return;
    }
    try {
      Files.deleteIfExists(temporary);
      channel.close();
    } catch (IOException e) {
      throw new OutputException(target, e);
    } finally {
      Leftovers.release(temporary);
    }
  }
}
