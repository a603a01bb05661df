// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The hidden names beside a target under which it is written, and what killed processes leave under
 * them.
 */
final class Leftovers {
  /** What is not complete, or not wanted any more. */
  static final String TEMPORARY = "tmp";

  /** What was in the target's place, while it is being replaced. */
  static final String REPLACED = "old";

  private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
  private static final int RANDOM_DIGITS = 8;

  /** Temporary files that this process is writing, see {@link OutputLock}. */
  private static final Set<Path> IN_USE = ConcurrentHashMap.newKeySet();

  private Leftovers() {}

  /** A fresh name beside a path: a dot, its name, a random part, and what it is for. */
  static Path hiddenSibling(Path path, String purpose) {
    String random = UUID.randomUUID().toString().substring(0, RANDOM_DIGITS);
    return path.resolveSibling("." + path.getFileName() + "." + random + "." + purpose);
  }

  private static List<Path> find(Path target, String purpose) throws IOException {
    Pattern name =
        Pattern.compile(
            Pattern.quote("." + target.getFileName() + ".")
                + "[0-9a-f]{"
                + RANDOM_DIGITS
                + "}\\."
                + purpose);
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> siblings =
        Files.newDirectoryStream(
            Objects.requireNonNull(target.toAbsolutePath().getParent()),
            path -> name.matcher(String.valueOf(path.getFileName())).matches())) {
      siblings.forEach(found::add);
    } catch (java.nio.file.DirectoryIteratorException e) {
      throw e.getCause();
    }
    return found;
  }

  /**
   * Removes what killed processes have left of a directory, whose lock the caller has. If it was
   * just being replaced it is put back.
   */
  static void clearDirectory(Path target) throws IOException {
    for (Path old : find(target, REPLACED)) {
      if (!Files.isDirectory(old, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        remove(old);
      } else {
        Files.move(old, target);
        LOG.warn("{} is put back; a killed run was about to replace it", target);
      }
    }
    for (Path temporary : find(target, TEMPORARY)) {
      if (Files.isDirectory(temporary, LinkOption.NOFOLLOW_LINKS)) {
        remove(temporary);
      }
    }
  }

  private static void remove(Path directory) {
    try {
      OutputDirectory.deleteTree(directory);
      LOG.info("removed {}, which a killed run had left", directory);
    } catch (IOException e) {
      LOG.warn("{}, which a killed run had left, cannot be removed: {}", directory, e.toString());
    }
  }

  /** Notes that a temporary file is being written, until it is {@linkplain #release released}. */
  static void hold(Path temporary, FileChannel channel) {
    IN_USE.add(key(temporary));
    try {
      // Held until the channel is closed.
      channel.tryLock();
    } catch (IOException | OverlappingFileLockException e) {
      LOG.debug("{} cannot be locked", temporary, e);
    }
  }

  static void release(Path temporary) {
    IN_USE.remove(key(temporary));
  }

  private static Path key(Path temporary) {
    return temporary.toAbsolutePath().normalize();
  }

  /** Removes what killed processes have left of a file; what others are writing stays. */
  static void clearFile(Path target) {
    try {
      for (Path temporary : find(target, TEMPORARY)) {
        if (Files.isRegularFile(temporary, LinkOption.NOFOLLOW_LINKS)
            && !IN_USE.contains(key(temporary))
            && isUnlocked(temporary)) {
          Files.deleteIfExists(temporary);
          LOG.info("removed {}, which a killed run had left", temporary);
        }
      }
    } catch (IOException e) {
      // It does not hinder the writing of the file.
      LOG.debug("{}: what killed runs have left stays", target, e);
    }
  }

  private static boolean isUnlocked(Path temporary) throws IOException {
    try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      return false;
    }
  }
}
