// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.parallel.ScratchPool;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.testing.SeededRandom;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KernelGroupTest {
  private static final KernelOptions OPTIONS =
      KernelOptions.defaults().withProvider("scalar").withTeam(WorkerTeam.ofThreads(3));

  /** A kernel that is not made of parts. */
  private record Doubling(int inFeatures) implements LinearKernel {
    @Override
    public int outFeatures() {
      return inFeatures;
    }

    @Override
    public void multiply(float[] x, int xOffset, int tokens, float[] y, int yOffset) {
      for (int i = 0; i < tokens * inFeatures; i++) {
        y[yOffset + i] = 2 * x[xOffset + i];
      }
    }

    @Override
    public String describe() {
      return "doubling";
    }
  }

  /** Counts what the dispatch asks for. */
  private static final class Counting extends PartitionedKernel {
    private final AtomicInteger prepared;
    private final AtomicInteger released;
    private final Object kind;
    private final boolean fails;

    Counting(AtomicInteger prepared, AtomicInteger released, Object kind, boolean fails) {
      super(3, 2, OPTIONS);
      this.prepared = prepared;
      this.released = released;
      this.kind = kind;
      this.fails = fails;
    }

    @Override
    protected Object inputKind() {
      return kind;
    }

    @Override
    protected int batchSize() {
      return 4;
    }

    @Override
    protected PreparedInput bind(float[] x, int xOffset, int tokens) {
      return new PreparedInput() {
        @Override
        public int parts() {
          return 1;
        }

        @Override
        public void run(int part) {
          prepared.incrementAndGet();
        }

        @Override
        public void release() {
          released.incrementAndGet();
        }
      };
    }

    @Override
    protected int partCount(int tokens) {
      return tokens;
    }

    @Override
    protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
      if (fails) {
        throw new IllegalStateException("part " + part);
      }
      y[yOffset + part * 2] += 1;
      y[yOffset + part * 2 + 1] += tokens;
    }

    @Override
    public String describe() {
      return "counting";
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5, 33})
  void resultsAreThoseOfTheSingleKernels(int tokens) {
    SeededRandom random = new SeededRandom(7 + tokens);
    int in = 37;
    List<LinearKernel> kernels =
        List.of(
            Kernels.forMatrix(random.gaussianMatrix(65, in), OPTIONS),
            new Doubling(in),
            Kernels.forMatrix(random.gaussianMatrix(1, in), OPTIONS),
            Kernels.forMatrix(
                random.gaussianMatrix(20, in), OPTIONS.withTeam(WorkerTeam.sequential())));
    float[] x = random.gaussians(3 + tokens * in);
    float[][] y = new float[kernels.size()][];
    int[] offsets = new int[kernels.size()];
    for (int i = 0; i < y.length; i++) {
      offsets[i] = i;
      y[i] = new float[i + tokens * kernels.get(i).outFeatures()];
    }
    KernelGroup group = Kernels.fuse(kernels);
    group.multiply(x, 3, tokens, y, offsets);
    for (int i = 0; i < y.length; i++) {
      float[] expected = new float[y[i].length];
      kernels.get(i).multiply(x, 3, tokens, expected, i);
      assertArrayEquals(expected, y[i], "kernel " + i + ", " + random);
    }
    assertTrue(
        group
            .describe()
            .startsWith("2 kernels in one dispatch, inputs prepared 1 times, 2 one by one"),
        group.describe());
  }

  /** Biases, sums and products come apart into what reads the input, and together again. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 5})
  void layersOfSeveralTermsShareTheDispatch(int tokens) {
    SeededRandom random = new SeededRandom(11 + tokens);
    int in = 37;
    int out = 20;
    ScratchPool scratch = OPTIONS.scratch();
    LinearKernel main = Kernels.forMatrix(random.gaussianMatrix(out, in), OPTIONS);
    LinearKernel second = Kernels.forMatrix(random.gaussianMatrix(out, in), OPTIONS);
    LinearKernel right = Kernels.forMatrix(random.gaussianMatrix(3, in), OPTIONS);
    LinearKernel left = Kernels.forMatrix(random.gaussianMatrix(out, 3), OPTIONS);
    LinearKernel lowRank = new ProductKernel(right, left, scratch);
    float[] bias = random.gaussians(out);
    LinearKernel sum = SumKernel.of(List.of(main, lowRank, second), scratch);
    List<LinearKernel> kernels =
        List.of(
            Kernels.withBias(main, bias),
            Kernels.withBias(sum, bias),
            SumKernel.of(List.of(lowRank, sum), scratch),
            lowRank);
    float[] x = random.gaussians(tokens * in);
    float[][] y = new float[kernels.size()][tokens * out];
    KernelGroup group = Kernels.fuse(kernels);
    group.multiply(x, 0, tokens, y, new int[y.length]);
    float[] mainOnly = product(main, x, tokens);
    float[] product = product(left, product(right, x, tokens), tokens);
    float[] three = added(added(mainOnly, product), product(second, x, tokens));
    float[] biases = new float[tokens * out];
    for (int i = 0; i < biases.length; i++) {
      biases[i] = bias[i % out];
    }
    assertArrayEquals(added(mainOnly, biases), y[0], random.toString());
    assertArrayEquals(added(three, biases), y[1], random.toString());
    assertArrayEquals(added(product, three), y[2], random.toString());
    assertArrayEquals(product, y[3], random.toString());
    for (int i = 0; i < y.length; i++) {
      assertArrayEquals(y[i], product(kernels.get(i), x, tokens), "alone " + i + ", " + random);
    }
    assertTrue(
        group
            .describe()
            .startsWith("6 kernels in one dispatch, inputs prepared 1 times, 1 one by one"),
        group.describe());
  }

  private static float[] product(LinearKernel kernel, float[] x, int tokens) {
    float[] y = new float[tokens * kernel.outFeatures()];
    kernel.multiply(x, 0, tokens, y, 0);
    return y;
  }

  private static float[] added(float[] a, float[] b) {
    float[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  @Test
  void inputsOfOneKindArePreparedOnceForEachBatchAndAlwaysReleased() {
    AtomicInteger prepared = new AtomicInteger();
    AtomicInteger released = new AtomicInteger();
    List<Counting> kernels =
        List.of(
            new Counting(prepared, released, "a", false),
            new Counting(prepared, released, "b", false),
            new Counting(prepared, released, "a", false));
    int tokens = 10;
    float[][] y = new float[3][tokens * 2];
    Kernels.fuse(kernels).multiply(new float[tokens * 3], 0, tokens, y, new int[3]);
    assertEquals(6, prepared.get(), "two kinds in three batches");
    assertEquals(6, released.get());
    for (float[] output : y) {
      assertArrayEquals(
          new float[] {1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 4, 1, 2, 1, 2}, output);
    }
  }

  /** Each of the second round's parts needs all of the first round's. */
  private static final class TwoRounds extends PartitionedKernel {
    static final int WIDTH = 64;

    private final int outputParts;
    private final Set<Thread> preparers = ConcurrentHashMap.newKeySet();

    TwoRounds(int outputParts) {
      super(WIDTH, 1, OPTIONS);
      this.outputParts = outputParts;
    }

    /** Squares of the inputs, and then their sum, time and again. */
    private final class Sums implements PreparedInput {
      private final float[] x;
      private final int xOffset;
      private final float[] squares = new float[WIDTH];
      private final float[] sums = new float[WIDTH];
      private boolean second;

      Sums(float[] x, int xOffset) {
        this.x = x;
        this.xOffset = xOffset;
      }

      @Override
      public int parts() {
        return second ? WIDTH : 1;
      }

      @Override
      public boolean advance() {
        boolean more = !second;
        second = true;
        return more;
      }

      @Override
      public void run(int part) {
        if (second) {
          preparers.add(Thread.currentThread());
          for (float square : squares) {
            sums[part] += square;
          }
          return;
        }
        for (int i = 0; i < WIDTH; i++) {
          squares[i] = x[xOffset + i] * x[xOffset + i];
        }
      }

      @Override
      public void release() {}
    }

    @Override
    protected Object inputKind() {
      return "sums";
    }

    @Override
    protected int batchSize() {
      return 1;
    }

    @Override
    protected PreparedInput bind(float[] x, int xOffset, int tokens) {
      return new Sums(x, xOffset);
    }

    @Override
    protected int partCount(int tokens) {
      return outputParts;
    }

    @Override
    protected void multiplyPart(PreparedInput input, int tokens, int part, float[] y, int yOffset) {
      if (part == 0) {
        for (float sum : ((Sums) input).sums) {
          y[yOffset] += sum;
        }
      }
    }

    @Override
    public String describe() {
      return "two rounds";
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7})
  void aRoundOfPreparationSeesAllOfTheOneBefore(int outputParts) {
    TwoRounds kernel = new TwoRounds(outputParts);
    int tokens = 500;
    float[] x = new float[tokens * TwoRounds.WIDTH];
    float[] expected = new float[tokens];
    for (int i = 0; i < x.length; i++) {
      x[i] = i % 7 - 3;
      expected[i / TwoRounds.WIDTH] += x[i] * x[i] * TwoRounds.WIDTH;
    }
    float[] y = new float[tokens];
    kernel.multiply(x, 0, tokens, y, 0);
    assertArrayEquals(expected, y);
    assertTrue(kernel.preparers.contains(Thread.currentThread()));
    if (outputParts == 1) {
      assertEquals(1, kernel.preparers.size(), "a kernel that is not cut wakes nobody");
    }
  }

  @Test
  void aFailingPartReachesTheCallerAndTheKernelStaysUsable() {
    AtomicInteger released = new AtomicInteger();
    Counting failing = new Counting(new AtomicInteger(), released, "a", true);
    for (int i = 1; i <= 3; i++) {
      assertThrows(
          IllegalStateException.class, () -> failing.multiply(new float[9], 0, 3, new float[6], 0));
      assertEquals(i, released.get());
    }
  }

  @Test
  void badCallsAreRefused() {
    SeededRandom random = new SeededRandom(3);
    LinearKernel a = Kernels.forMatrix(random.gaussianMatrix(4, 5), OPTIONS);
    LinearKernel b = Kernels.forMatrix(random.gaussianMatrix(4, 6), OPTIONS);
    String message =
        assertThrows(IllegalArgumentException.class, () -> Kernels.fuse(List.of(a, b)))
            .getMessage();
    assertTrue(message.contains("[4, 6]") && message.contains("[4, 5]"), message);
    assertThrows(IllegalArgumentException.class, () -> Kernels.fuse(List.of()));
    KernelGroup group = Kernels.fuse(List.of(a));
    float[] x = new float[5];
    assertThrows(
        IllegalArgumentException.class,
        () -> group.multiply(x, 1, 1, new float[][] {new float[4]}, new int[1]));
    assertThrows(
        IllegalArgumentException.class,
        () -> group.multiply(x, 0, 1, new float[][] {new float[4]}, new int[] {1}));
    assertThrows(
        IllegalArgumentException.class,
        () -> group.multiply(x, 0, -1, new float[][] {new float[4]}, new int[1]));
    assertThrows(IllegalArgumentException.class, () -> a.multiply(x, 0, 1 << 30, new float[4], 0));
  }

  @Test
  void warmUpEnds() {
    SeededRandom random = new SeededRandom(5);
    List<LinearKernel> kernels =
        List.of(Kernels.forMatrix(random.gaussianMatrix(8, 16), OPTIONS), new Doubling(16));
    // Whether times settle within the limit depends on what else the machine does; that the limit
    // is kept, however unsettled they are, does not.
    long start = System.nanoTime();
    Kernels.warmUp(kernels, Duration.ofMillis(300));
    Duration taken = Duration.ofNanos(System.nanoTime() - start);
    assertTrue(taken.compareTo(Duration.ofSeconds(20)) < 0, taken::toString);
  }
}
