// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linalg.LinearAlgebra;
import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.Optional;

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
 * @param algebra linear algebra to use in place of the provider's; empty unless the caller has
 *     chosen one
 */
@Stable
public record KernelOptions(
    String provider, WorkerTeam team, ScratchPool scratch, Optional<LinearAlgebra> algebra) {

  /** Lets the library choose. */
  public static final String AUTO = "auto";

  /**
   * Options with scratch memory of their own.
   *
   * @param provider {@code auto} or a provider's name
   * @param team the threads
   */
  public KernelOptions(String provider, WorkerTeam team) {
    this(provider, team, new ScratchPool(), Optional.empty());
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
    return new KernelOptions(name, team, scratch, algebra);
  }

  /**
   * The same options with other threads.
   *
   * @param threads the threads
   * @return the changed options, with the same scratch memory
   */
  public KernelOptions withTeam(WorkerTeam threads) {
    return new KernelOptions(provider, threads, scratch, algebra);
  }

  /**
   * The same options with linear algebra of the caller's choice for statistics, factorizations,
   * searches, roundings, transforms and attention. Quantized and dense layers are still multiplied
   * by the provider's kernels.
   *
   * @param chosen the linear algebra, for example an adapter of a BLAS library
   * @return the changed options, with the same scratch memory
   */
  public KernelOptions withLinearAlgebra(LinearAlgebra chosen) {
    return new KernelOptions(provider, team, scratch, Optional.of(chosen));
  }

  /**
   * What all numerical code of a computation is given.
   *
   * @return {@link #algebra()} if it is present, otherwise the linear algebra of the provider,
   *     which borrows scratch memory here; with the threads
   * @throws IllegalArgumentException if the provider is not available
   */
  public Compute compute() {
    return new Compute(algebra.orElseGet(() -> Kernels.linearAlgebra(this)), team);
  }
}
