// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.bench.workload.LayerFormat;
import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.kernel.Kernels;
import io.github.quant4j.kernel.LinearKernel;
import io.github.quant4j.parallel.WorkerTeam;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Kernels of one shape that take turns in multiplying the same tokens. */
@State(Scope.Benchmark)
public abstract class LinearWorkload {
  private static final Duration WARM_UP = Duration.ofSeconds(60);
  private static final float[] NONE = {};

  /** Inputs. */
  @Param("4096")
  public int k;

  /** Outputs. */
  @Param("4096")
  public int n;

  /** Threads in all. */
  @Param({"1", "2"})
  public int threads;

  private List<LinearKernel> kernels = List.of();
  private float[] x = NONE;
  private float[] y = NONE;
  private int next;

  /** For benchmarks. */
  protected LinearWorkload() {}

  /**
   * Sets up.
   *
   * @param tokens tokens of a call
   * @param count how many kernels there are
   * @param maker makes a kernel, each with weights of its own
   */
  final void start(int tokens, int count, Supplier<LinearKernel> maker) {
    kernels = Stream.generate(maker).limit(count).toList();
    x = LayerFormat.gaussians((long) tokens * k);
    y = new float[tokens * n];
    boolean warm = Kernels.warmUp(kernels.subList(0, 1), WARM_UP);
    // Which kernel was measured belongs to the result.
    System.out.println("# " + count + " x " + kernels.getFirst().describe());
    if (!warm) {
      System.out.println("# not compiled after " + WARM_UP);
    }
  }

  /**
   * Options for a provider and the threads.
   *
   * @param provider {@code auto}, {@code vector} or {@code scalar}
   * @return the options
   */
  final KernelOptions options(String provider) {
    return new KernelOptions(provider, WorkerTeam.ofThreads(threads));
  }

  /**
   * One call of the next kernel.
   *
   * @return the output
   */
  public final float[] multiply() {
    LinearKernel kernel = kernels.get(next);
    next = next + 1 == kernels.size() ? 0 : next + 1;
    kernel.multiply(x, 0, x.length / k, y, 0);
    return y;
  }
}
