// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import io.github.quant4j.parallel.WorkerTeam;
import java.util.Arrays;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * How fast memory can be read: the roofline of what reads each weight once.
 *
 * <p>The threads sum {@code mib} mebibytes of an array of 128 MiB, in parts of 256 KiB; each call
 * goes on where the last one ended, so that nothing is in the cache.
 */
public class MemoryReadBenchmark extends KernelBenchmark {
  /** For JMH. */
  public MemoryReadBenchmark() {}

  /** The array. */
  @State(Scope.Benchmark)
  public static class Memory implements WorkerTeam.PartTask {
    private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;
    private static final int PART = 1 << 16;
    private static final int ALL = 1 << 25;

    /** Mebibytes of a call, a power of two of at most 128. */
    @Param("8")
    public int mib;

    /** Threads in all. */
    @Param({"1", "2"})
    public int threads;

    private WorkerTeam team = WorkerTeam.sequential();
    private int[] values = {};
    private int[] sums = {};
    private int from;

    /** For JMH. */
    public Memory() {}

    /** Fills the array. */
    @Setup(Level.Trial)
    public void start() {
      team = WorkerTeam.ofThreads(threads);
      values = new int[ALL];
      Arrays.setAll(values, i -> i);
      sums = new int[mib * ((1 << 20) / Integer.BYTES) / PART];
    }

    int[] read() {
      team.run(sums.length, this);
      from = (from + sums.length * PART) % ALL;
      return sums;
    }

    @Override
    public void run(int part) {
      int step = SPECIES.length();
      IntVector sum0 = IntVector.zero(SPECIES);
      IntVector sum1 = sum0;
      IntVector sum2 = sum0;
      IntVector sum3 = sum0;
      int start = from + part * PART;
      for (int i = start; i < start + PART; i += 4 * step) {
        sum0 = sum0.add(IntVector.fromArray(SPECIES, values, i));
        sum1 = sum1.add(IntVector.fromArray(SPECIES, values, i + step));
        sum2 = sum2.add(IntVector.fromArray(SPECIES, values, i + 2 * step));
        sum3 = sum3.add(IntVector.fromArray(SPECIES, values, i + 3 * step));
      }
      sums[part] = sum0.add(sum1).add(sum2.add(sum3)).reduceLanes(VectorOperators.ADD);
    }
  }

  /**
   * Reads the next part of the array.
   *
   * @param memory what is read
   * @return sums of the parts
   */
  @Benchmark
  public int[] read(Memory memory) {
    return memory.read();
  }
}
