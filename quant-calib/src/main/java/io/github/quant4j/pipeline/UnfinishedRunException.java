// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import java.io.Serial;
import java.nio.file.Path;

/**
 * What a run has finished before it failed, and that it is kept. It is not thrown, but is among the
 * {@linkplain Throwable#getSuppressed() suppressed} exceptions of what {@link Quantization#saveTo}
 * throws.
 */
@Stable
public final class UnfinishedRunException extends Exception {
  @Serial private static final long serialVersionUID = 1L;

  /** The state's directory. Paths are not serializable. */
  private final String directory;

  /** How many blocks are finished. */
  private final int finishedBlocks;

  /**
   * Notes what is kept.
   *
   * @param directory where it is kept
   * @param finishedBlocks how many blocks are finished
   * @param blocks how many there are
   */
  UnfinishedRunException(Path directory, int finishedBlocks, int blocks) {
    super(
        finishedBlocks
            + " of "
            + blocks
            + " blocks are finished and kept in "
            + directory
            + "; the same call goes on after them if it is told to resume (--resume)");
    this.directory = directory.toString();
    this.finishedBlocks = finishedBlocks;
  }

  /**
   * Where the state of the run is. Deleting the directory gives the work up.
   *
   * @return an absolute path
   */
  public Path directory() {
    return Path.of(directory);
  }

  /**
   * How far the run came.
   *
   * @return the number of finished blocks
   */
  public int finishedBlocks() {
    return finishedBlocks;
  }
}
