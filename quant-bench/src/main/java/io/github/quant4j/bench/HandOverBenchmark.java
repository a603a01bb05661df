// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.bench;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long a cache line takes from one thread to another and back: what any two threads pay that
 * share memory.
 *
 * <p>Some 50 nanoseconds between cores of one core complex, 300 between complexes. On a shared host
 * virtual processors move between them, and measurements with two threads are only comparable while
 * this stays the same.
 */
public class HandOverBenchmark extends KernelBenchmark {
  /** For JMH. */
  public HandOverBenchmark() {}

  /** The line and the other thread. */
  @State(Scope.Benchmark)
  public static class Line {
    private volatile boolean asked;
    private volatile boolean stopped;
    private Thread other = Thread.currentThread();

    /** For JMH. */
    public Line() {}

    /** Starts the other thread. */
    @Setup(Level.Trial)
    public void start() {
      other = Thread.ofPlatform().daemon().start(this::answer);
    }

    /**
     * Ends the other thread.
     *
     * @throws InterruptedException if this thread is interrupted
     */
    @TearDown(Level.Trial)
    public void stop() throws InterruptedException {
      stopped = true;
      other.join();
    }

    // Without onSpinWait: that waits longer than the line takes.
    private void answer() {
      while (!stopped) {
        if (asked) {
          asked = false;
        }
      }
    }

    void ask() {
      asked = true;
      while (asked) {}
    }
  }

  /**
   * Hands the line over and waits for it.
   *
   * @param line the line
   */
  @Benchmark
  public void roundTrip(Line line) {
    line.ask();
  }
}
