// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * The input of a multiplication as {@link PartitionedKernel}s of one kind want it: permuted,
 * quantized, summed by groups, turned into tables.
 *
 * <p>Bound to an input by {@link PartitionedKernel#bind}, filled by its parts in one or more
 * rounds, read by any number of kernels, then released. Implementations keep their arrays in a
 * {@link ScratchPool} and themselves in an {@link InstancePool}.
 */
public interface PreparedInput extends WorkerTeam.PartTask {

  /**
   * How many parts {@link #run} must be called for in this round, in any order and on any thread,
   * before {@link #advance}.
   *
   * @return 0 if there is nothing to do
   */
  int parts();

  /**
   * Goes on to the next round, whose parts read what those of the rounds before wrote; called once
   * all of these have run, until there is no other round. Then the input may be read.
   *
   * @return whether there is another round
   */
  default boolean advance() {
    return false;
  }

  /** Gives back everything borrowed. The object must not be used afterwards. */
  void release();
}
