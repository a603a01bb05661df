// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.config;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.parallel.WorkerTeam;
import java.util.concurrent.Executor;

/**
 * What a model runs with.
 *
 * @param kernels the kernel provider and the threads; results do not depend on the number of
 *     threads
 * @param placement where weights that are not quantized are
 * @param positionsBeyondTraining whether texts may be longer than the model's {@code
 *     max_position_embeddings}, where predictions are rarely of use
 */
@Stable
public record ModelOptions(
    KernelOptions kernels, WeightPlacement placement, boolean positionsBeyondTraining) {

  /**
   * Options that keep to the positions that a model was trained on.
   *
   * @param kernels the kernel provider and the threads
   * @param placement where weights that are not quantized are
   */
  public ModelOptions(KernelOptions kernels, WeightPlacement placement) {
    this(kernels, placement, false);
  }

  /**
   * The best kernels, on as many threads as there are processors.
   *
   * @return options with daemon threads of their own, which end when idle
   */
  public static ModelOptions defaults() {
    int processors = Runtime.getRuntime().availableProcessors();
    return new ModelOptions(
        KernelOptions.defaults().withTeam(WorkerTeam.ofThreads(processors)),
        WeightPlacement.AUTOMATIC);
  }

  /**
   * The same on other threads.
   *
   * @param threads threads in all, the calling one included; at least 1
   * @return the changed options, with daemon threads of their own
   * @throws IllegalArgumentException if there is not at least one thread
   */
  public ModelOptions withThreads(int threads) {
    return new ModelOptions(
        kernels.withTeam(WorkerTeam.ofThreads(threads)), placement, positionsBeyondTraining);
  }

  /**
   * The same on threads of an executor.
   *
   * @param executor where helpers run; it should have {@code threads - 1} threads to spare
   * @param threads threads in all, the calling one included; at least 1
   * @return the changed options
   * @throws IllegalArgumentException if there is not at least one thread
   */
  public ModelOptions withExecutor(Executor executor, int threads) {
    return new ModelOptions(
        kernels.withTeam(WorkerTeam.of(executor, threads)), placement, positionsBeyondTraining);
  }

  /**
   * The same with other kernels.
   *
   * @param provider {@code auto} or a provider's name, such as {@code scalar} or {@code vector}
   * @return the changed options
   */
  public ModelOptions withKernels(String provider) {
    return new ModelOptions(kernels.withProvider(provider), placement, positionsBeyondTraining);
  }

  /**
   * The same with weights elsewhere.
   *
   * @param changed where weights that are not quantized are
   * @return the changed options
   */
  public ModelOptions withPlacement(WeightPlacement changed) {
    return new ModelOptions(kernels, changed, positionsBeyondTraining);
  }

  /**
   * The same with or without texts longer than those that the model was trained on.
   *
   * @param allowed whether positions beyond {@code max_position_embeddings} are computed rather
   *     than refused
   * @return the changed options
   */
  public ModelOptions withPositionsBeyondTraining(boolean allowed) {
    return new ModelOptions(kernels, placement, allowed);
  }
}
