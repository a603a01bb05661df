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
import java.util.UUID;

/**
 * A file that appears under its name when it is complete, and not before: it is written under
 * another name in the same directory, forced to the device, and moved.
 *
 * <p>Every failure of the file system becomes an {@link OutputException}; closing without {@link
 * #commit()} removes what was written.
 */
final class OutputFile implements AutoCloseable {
  private final Path target;
  private final Path temporary;
  private final SeekableByteChannel channel;
  private boolean committed;

  OutputFile(Path target, Path temporary, SeekableByteChannel channel) {
    this.target = target;
    this.temporary = temporary;
    this.channel = channel;
  }

  static OutputFile create(Path target) throws OutputException {
    Path temporary = hiddenSibling(target, "tmp");
    try {
      // Not Files.createTempFile, whose files only their owner may read.
      return new OutputFile(
          target,
          temporary,
          FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }

  /** A fresh name beside a path: a dot, its name, a random part, and what it is for. */
  static Path hiddenSibling(Path path, String purpose) {
    String random = UUID.randomUUID().toString().substring(0, 8);
    return path.resolveSibling("." + path.getFileName() + "." + random + "." + purpose);
  }

  void write(ByteBuffer bytes) throws OutputException {
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

  void commit() throws OutputException {
    try {
      if (channel instanceof FileChannel file) {
        file.force(true);
      }
      channel.close();
      Files.move(
          temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      committed = true;
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

  @Override
  public void close() throws OutputException {
    if (committed) {
      return;
    }
    try {
      channel.close();
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      throw new OutputException(target, e);
    }
  }
}
