// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.parallel.WorkerTeam;

/**
 * What a kernel is built with.
 *
 * @param provider {@code auto}, or the name of a provider that must be used ({@code scalar}, {@code
 *     vector})
 * @param team the threads that rows are split over
 */
public record KernelOptions(String provider, WorkerTeam team) {

  /** Lets the library choose. */
  public static final String AUTO = "auto";

  /**
   * The best provider, on the calling thread.
   *
   * @return the default options; {@code -Dquant4j.kernels=scalar} or {@code =vector} changes the
   *     provider
   */
  public static KernelOptions defaults() {
    return new KernelOptions(System.getProperty("quant4j.kernels", AUTO), WorkerTeam.sequential());
  }

  /**
   * The same options with another provider.
   *
   * @param name {@code auto} or a provider's name
   * @return the changed options
   */
  public KernelOptions withProvider(String name) {
    return new KernelOptions(name, team);
  }

  /**
   * The same options with other threads.
   *
   * @param threads the threads
   * @return the changed options
   */
  public KernelOptions withTeam(WorkerTeam threads) {
    return new KernelOptions(provider, threads);
  }
}
