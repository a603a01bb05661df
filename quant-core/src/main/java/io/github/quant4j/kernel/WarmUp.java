// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Runs kernels until they are compiled.
 *
 * <p>There is no question to ask of the JVM, but a sign: vector code that is not compiled to vector
 * instructions puts every vector on the heap, and compiled code allocates nothing.
 */
final class WarmUp {
  private static final int QUIET_CALLS = 3;
  private static final int[] BATCHES = {1, 2, 4, 8, 32};
  private static final long UNKNOWN_NANOS = 200_000_000L;
  private static final long SCALAR_NANOS = 10_000_000L;

  /** Where inlining fails, in a JVM that runs much other code, the sign never comes. */
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private final long deadline;
  private final @Nullable ThreadMXBean threads = allocationCounter();

  public WarmUp(long nanos) {
    this.deadline = System.nanoTime() + nanos;
  }

  /** Null if the module jdk.management is absent or the JVM does not count. */
  private static @Nullable ThreadMXBean allocationCounter() {
    try {
      return ManagementFactory.getThreadMXBean() instanceof ThreadMXBean bean
              && bean.isThreadAllocatedMemorySupported()
              && bean.isThreadAllocatedMemoryEnabled()
          ? bean
          : null;
    } catch (LinkageError | UnsupportedOperationException e) {
      return null;
    }
  }

  /** False if the time was over before all were warm. */
  public boolean run(Collection<? extends LinearKernel> kernels) {
    boolean all = true;
    for (LinearKernel kernel : kernels) {
      for (int tokens : BATCHES) {
        all &=
            kernel instanceof PartitionedKernel parts && !isScalar(kernel)
                ? onePart(parts, tokens)
                : whole(kernel, tokens);
      }
    }
    return all;
  }

  private boolean whole(LinearKernel kernel, int tokens) {
    float[] x = activations(tokens * kernel.inFeatures());
    float[] y = new float[tokens * kernel.outFeatures()];
    if (isScalar(kernel)) {
      // May allocate for good, and is compiled at once, so that there is nothing to wait for.
      long start = System.nanoTime();
      do {
        kernel.multiply(x, 0, tokens, y, 0);
      } while (System.nanoTime() - start < SCALAR_NANOS && System.nanoTime() < deadline);
      return true;
    }
    return repeat(() -> kernel.multiply(x, 0, tokens, y, 0));
  }

  /**
   * Values of both signs that spread as activations do. Zeros take branches of their own, and code
   * compiled for those alone is thrown away at the first real call.
   */
  private static float[] activations(int count) {
    float[] values = new float[count];
    int state = 1;
    for (int i = 0; i < count; i++) {
      state = state * 1664525 + 1013904223;
      values[i] = state * 0x1p-31f;
    }
    return values;
  }

  private static boolean isScalar(LinearKernel kernel) {
    return kernel instanceof ScalarDenseKernel
        || kernel instanceof ScalarRowKernel
        || kernel instanceof PanelFloatKernel
        || kernel instanceof PanelIntegerKernel
        || kernel instanceof ScalarIntegerKernel
        || kernel instanceof ScalarSparseKernel;
  }

  /** All parts run the same code, so one is enough, and it is quick even before it is compiled. */
  private boolean onePart(PartitionedKernel kernel, int tokens) {
    int batch = Math.min(tokens, kernel.batchSize());
    float[] x = activations(batch * kernel.inFeatures());
    float[] y = new float[batch * kernel.outFeatures()];
    return repeat(
        () -> {
          PreparedInput input = kernel.bind(x, 0, batch);
          try {
            do {
              for (int part = 0; part < input.parts(); part++) {
                input.run(part);
              }
            } while (input.advance());
            kernel.multiplyPart(input, batch, 0, y, 0);
          } finally {
            input.release();
          }
        });
  }

  private boolean repeat(Runnable call) {
    int quiet = 0;
    long start = System.nanoTime();
    while (quiet < QUIET_CALLS) {
      long before = threads == null ? 0 : threads.getCurrentThreadAllocatedBytes();
      call.run();
      boolean silent =
          threads == null
              ? System.nanoTime() - start > UNKNOWN_NANOS
              : threads.getCurrentThreadAllocatedBytes() == before;
      quiet = silent ? quiet + 1 : 0;
      long now = System.nanoTime();
      if (quiet < QUIET_CALLS && (now > deadline || now - start > PATIENCE_NANOS)) {
        return false;
      }
    }
    return true;
  }
}
