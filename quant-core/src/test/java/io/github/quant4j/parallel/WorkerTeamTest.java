// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkerTeamTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyPartRunsExactlyOnce(int threads) {
    WorkerTeam team = WorkerTeam.ofThreads(threads);
    for (int round = 0; round < 20_000; round++) {
      int count = round % 11;
      int[] calls = new int[count];
      team.run(count, part -> calls[part]++);
      int[] expected = new int[count];
      Arrays.fill(expected, 1);
      assertArrayEquals(expected, calls);
    }
  }

  @Test
  void workContinuesAfterHelpersWentIdle() throws InterruptedException {
    WorkerTeam team = WorkerTeam.ofThreads(2);
    for (int round = 0; round < 4; round++) {
      AtomicInteger sum = new AtomicInteger();
      team.run(100, sum::addAndGet);
      assertEquals(4950, sum.get());
      Thread.sleep(150L * round);
    }
  }

  @Test
  void helpersDoTakePart() {
    WorkerTeam team = WorkerTeam.ofThreads(2);
    CountDownLatch both = new CountDownLatch(2);
    AtomicBoolean met = new AtomicBoolean(true);
    team.run(
        2,
        part -> {
          both.countDown();
          try {
            // Each part waits for the other, which is only possible on two threads.
            met.compareAndSet(true, both.await(20, TimeUnit.SECONDS));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    assertTrue(met.get());
  }

  @Test
  void aDeadExecutorOnlyCostsSpeed() {
    WorkerTeam rejecting =
        WorkerTeam.of(
            work -> {
              throw new RejectedExecutionException("stopped");
            },
            4);
    WorkerTeam forgetting = WorkerTeam.of(work -> {}, 4);
    for (WorkerTeam team : new WorkerTeam[] {rejecting, forgetting}) {
      AtomicInteger sum = new AtomicInteger();
      team.run(10, sum::addAndGet);
      assertEquals(45, sum.get());
    }
  }

  /** An error as where the number of threads is limited, while another helper is at work. */
  @Test
  void aThreadThatCannotBeMadeIsNoFailure() throws InterruptedException {
    for (int round = 0; round < 20; round++) {
      CountDownLatch inside = new CountDownLatch(1);
      AtomicInteger started = new AtomicInteger();
      WorkerTeam team =
          WorkerTeam.of(
              work -> {
                if (started.incrementAndGet() == 2) {
                  await(inside);
                  throw new OutOfMemoryError("unable to create native thread");
                }
                Thread.ofPlatform().daemon().start(work);
              },
              3);
      AtomicInteger sum = new AtomicInteger();
      team.run(
          6,
          part -> {
            inside.countDown();
            sum.addAndGet(part);
          });
      assertEquals(15, sum.get());
      AtomicInteger next = new AtomicInteger();
      team.run(
          2,
          part -> {
            long end = System.nanoTime() + 5_000_000L * (part + 1);
            while (System.nanoTime() < end) {
              Thread.onSpinWait();
            }
            next.addAndGet(1 + part);
          });
      assertEquals(3, next.get());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      assertTrue(latch.await(20, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Each of the 100 jobs would take 200 ms if a helper waited for more work in the caller. */
  @Test
  @Timeout(5)
  void anExecutorThatRunsInTheCallerCostsNothing() {
    WorkerTeam team = WorkerTeam.of(Runnable::run, 4);
    for (int round = 0; round < 100; round++) {
      AtomicInteger sum = new AtomicInteger();
      team.run(10, sum::addAndGet);
      assertEquals(45, sum.get());
    }
  }

  @Test
  void nestedAndConcurrentCallsComplete() throws InterruptedException {
    WorkerTeam team = WorkerTeam.ofThreads(3);
    AtomicIntegerArray counts = new AtomicIntegerArray(4);
    Thread[] callers = new Thread[4];
    for (int c = 0; c < callers.length; c++) {
      int caller = c;
      callers[c] =
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 500; i++) {
                      team.run(4, part -> team.run(3, inner -> counts.incrementAndGet(caller)));
                    }
                  });
    }
    for (Thread caller : callers) {
      caller.join();
    }
    for (int c = 0; c < callers.length; c++) {
      assertEquals(6_000, counts.get(c));
    }
  }

  @Test
  void aFailureReachesTheCallerAndTheTeamSurvives() {
    WorkerTeam team = WorkerTeam.ofThreads(2);
    for (int round = 0; round < 200; round++) {
      assertThrows(
          IllegalStateException.class,
          () ->
              team.run(
                  8,
                  part -> {
                    if (part == 5) {
                      throw new IllegalStateException("part 5");
                    }
                  }));
      AtomicInteger sum = new AtomicInteger();
      team.run(8, sum::addAndGet);
      assertEquals(28, sum.get());
    }
  }

  @Test
  void borrowedThreadsAreGivenBack() throws InterruptedException {
    try (ExecutorService executor = Executors.newFixedThreadPool(1)) {
      WorkerTeam team = WorkerTeam.of(executor, 2);
      team.run(2, part -> {});
      CountDownLatch other = new CountDownLatch(1);
      executor.execute(other::countDown);
      assertTrue(other.await(20, TimeUnit.SECONDS), "the helper kept the executor's only thread");
    }
  }
}
