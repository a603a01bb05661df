// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.InstancePool;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * The input of a multiplication as {@link PartitionedKernel}s of one kind want it: permuted,
 * quantized, summed by groups, turned into tables.
 *
 * <p>Bound to an input by {@link PartitionedKernel#bind}, filled by its parts, read by any number
 * of kernels, then released. Implementations keep their arrays in a {@link ScratchPool} and
 * themselves in an {@link InstancePool}.
 */
public interface PreparedInput extends WorkerTeam.PartTask {

  /**
   * How many parts {@link #run} must be called for, in any order and on any thread, before the
   * input is read.
   *
   * @return 0 if nothing is left to do
   */
  int parts();

  /** Gives back everything borrowed. The object must not be used afterwards. */
  void release();
}
