// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;

/**
 * What a kernel is built with.
 *
 * <p>Make one of these for a model and use it for all its kernels: they then share their scratch
 * memory and their threads.
 *
 * @param provider {@code auto}, or the name of a provider that must be used ({@code scalar}, {@code
 *     vector})
 * @param team the threads that rows are split over
 * @param scratch the memory that calls borrow
 */
public record KernelOptions(String provider, WorkerTeam team, ScratchPool scratch) {

  /** Lets the library choose. */
  public static final String AUTO = "auto";

  /**
   * Options with scratch memory of their own.
   *
   * @param provider {@code auto} or a provider's name
   * @param team the threads
   */
  public KernelOptions(String provider, WorkerTeam team) {
    this(provider, team, new ScratchPool());
  }

  /**
   * The best provider, on the calling thread.
   *
   * @return the default options with scratch memory of their own; {@code -Dquant4j.kernels=scalar}
   *     or {@code =vector} changes the provider
   */
  public static KernelOptions defaults() {
    return new KernelOptions(System.getProperty("quant4j.kernels", AUTO), WorkerTeam.sequential());
  }

  /**
   * The same options with another provider.
   *
   * @param name {@code auto} or a provider's name
   * @return the changed options, with the same scratch memory
   */
  public KernelOptions withProvider(String name) {
    return new KernelOptions(name, team, scratch);
  }

  /**
   * The same options with other threads.
   *
   * @param threads the threads
   * @return the changed options, with the same scratch memory
   */
  public KernelOptions withTeam(WorkerTeam threads) {
    return new KernelOptions(provider, threads, scratch);
  }
}
