// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench.workload;

/** Where the weights lie when a multiplication begins. */
public enum Residence {
  /** One matrix is used again and again: in the cache, if it fits. */
  CACHE(1),

  /** Matrices of 128 MiB in all take turns, so that each has left the cache when it is used. */
  MEMORY(128L << 20);

  private static final int MOST_MATRICES = 1024;

  private final long bytes;

  Residence(long bytes) {
    this.bytes = bytes;
  }

  /**
   * How many matrices there must be.
   *
   * @param matrixBytes the size of one
   * @return at least 1
   */
  public int matrices(long matrixBytes) {
    return Math.clamp(Math.ceilDiv(bytes, matrixBytes), 1, MOST_MATRICES);
  }
}
