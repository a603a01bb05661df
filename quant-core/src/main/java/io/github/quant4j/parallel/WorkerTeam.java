// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import io.github.quant4j.annotation.Stable;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Splits short pieces of numeric work over a few threads without allocating and without the cost of
 * a task queue.
 *
 * <p>The work is given as a number of parts that the caller has laid out beforehand; which thread
 * runs which part is not fixed, so a part must not depend on it; but each thread begins with a
 * share of neighbouring parts that is the same in each call with as many parts, so that weights
 * that fit stay in the cache of its core. The calling thread takes part, and finishes the work
 * alone if the other threads do not come: a busy or even a stopped executor costs speed, never
 * progress. A call from within a part, or while another thread uses the team, runs all its parts on
 * the calling thread. An executor that runs its tasks in their caller, or that cannot start a
 * thread, leaves all parts to the caller.
 *
 * <p>Helpers are borrowed from the executor when there is work, wait actively for about 50
 * microseconds for more, then sleep, and give the thread back after 200 milliseconds without work.
 * The class is thread-safe.
 */
@Stable
public final class WorkerTeam {

  /** One piece of work, called once for each part. */
  @FunctionalInterface
  public interface PartTask {
    /**
     * Does one part.
     *
     * @param part from 0 to the number of parts less one
     */
    void run(int part);
  }

  private static final int JOB = 0;
  private static final int FINISHED = 1;
  private static final int SPINS = 2_000;
  private static final long IDLE_NANOS = 200_000_000L;
  private static final WorkerTeam SEQUENTIAL = new WorkerTeam(Runnable::run, 1);

  private final Executor executor;
  private final int threads;
  private final Helper[] helpers;
  private final ReentrantLock busy = new ReentrantLock();

  private final PartClaims claims;

  /** The number of the current job, which helpers watch, and how many of its parts are finished. */
  private final PaddedLongs progress = new PaddedLongs(2);

  // Written while claims offers no part, and left alone until every claimed part is finished.
  private @Nullable PartTask task;
  private volatile @Nullable Throwable failure;

  private WorkerTeam(Executor executor, int threads) {
    this.executor = executor;
    this.threads = threads;
    this.claims = new PartClaims(threads);
    this.helpers = new Helper[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      helpers[i] = new Helper(i + 1);
    }
  }

  /**
   * The team of the calling thread alone.
   *
   * @return a shared instance
   */
  public static WorkerTeam sequential() {
    return SEQUENTIAL;
  }

  /**
   * A team that borrows threads from an executor.
   *
   * @param executor where helpers run; it should have {@code threads - 1} threads to spare
   * @param threads threads in all, the calling one included; at least 1
   * @return the team
   * @throws IllegalArgumentException if {@code threads} is less than 1
   */
  public static WorkerTeam of(Executor executor, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads: " + threads + ", expected at least 1");
    }
    return threads == 1 ? SEQUENTIAL : new WorkerTeam(executor, threads);
  }

  /**
   * A team with daemon threads of its own, which end when idle.
   *
   * @param threads threads in all, the calling one included; at least 1
   * @return the team
   * @throws IllegalArgumentException if {@code threads} is less than 1
   */
  public static WorkerTeam ofThreads(int threads) {
    return of(WorkerTeam::startDaemon, threads);
  }

  private static void startDaemon(Runnable work) {
    Thread.ofPlatform().daemon().name("quant4j-worker").start(work);
  }

  /**
   * The most threads that work at once.
   *
   * @return at least 1
   */
  public int threads() {
    return threads;
  }

  /**
   * Runs all parts and returns when they are done.
   *
   * @param count how many parts there are; none is fine
   * @param work called once for each part, possibly from several threads at once
   * @throws RuntimeException or an error that a part threw; other parts may have run all the same
   */
  public void run(int count, PartTask work) {
    if (count <= 1 || threads == 1 || busy.isHeldByCurrentThread() || !busy.tryLock()) {
      for (int part = 0; part < count; part++) {
        work.run(part);
      }
      return;
    }
    try {
      int number = job() + 1;
      // A helper that still looks at the last job must not claim a part of it once there are more.
      claims.close(number);
      task = work;
      progress.set(FINISHED, 0);
      claims.open(number, count);
      progress.set(JOB, number);
      wake(Math.min(count, threads) - 1);
      takeParts(number, 0);
      while (progress.get(FINISHED) < count) {
        Thread.onSpinWait();
      }
      task = null;
      Throwable thrown = failure;
      if (thrown != null) {
        failure = null;
        rethrow(thrown);
      }
    } finally {
      busy.unlock();
    }
  }

  private static void rethrow(Throwable thrown) {
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    throw new IllegalStateException(thrown);
  }

  private void wake(int count) {
    for (int i = 0; i < count; i++) {
      helpers[i].wake();
    }
  }

  private int job() {
    return (int) progress.get(JOB);
  }

  private void takeParts(int number, int share) {
    int done = 0;
    for (int part = claims.take(number, share);
        part != PartClaims.NONE;
        part = claims.take(number, share)) {
      PartTask current = task;
      try {
        if (current != null) {
          current.run(part);
        }
      } catch (Throwable e) {
        failure = e;
      }
      done++;
    }
    if (done > 0) {
      progress.add(FINISHED, done);
    }
  }

  /** The loop of one borrowed thread. */
  private final class Helper implements Runnable {
    private static final int ABSENT = 0;
    private static final int AWAKE = 1;
    private static final int ASLEEP = 2;

    private final AtomicInteger state = new AtomicInteger(ABSENT);
    private final int share;
    private volatile @Nullable Thread thread;

    Helper(int share) {
      this.share = share;
    }

    void wake() {
      int now = state.get();
      if (now == ASLEEP) {
        LockSupport.unpark(thread);
      } else if (now == ABSENT && state.compareAndSet(ABSENT, AWAKE)) {
        try {
          executor.execute(this);
        } catch (Throwable e) {
          // A helper that is rejected, or for which no thread can be made, is no failure: the
          // caller does its share. It may have run all the same, then it has left by itself.
          state.compareAndSet(AWAKE, ABSENT);
        }
      }
    }

    @Override
    public void run() {
      if (busy.isHeldByCurrentThread()) {
        // The executor runs tasks in their caller, who must not wait for more work here.
        state.set(ABSENT);
        return;
      }
      thread = Thread.currentThread();
      int seen = job() - 1;
      long idleSince = System.nanoTime();
      while (true) {
        int current = job();
        if (current != seen) {
          seen = current;
          takeParts(current, share);
          idleSince = System.nanoTime();
        }
        if (spinUntilChanged(seen)) {
          continue;
        }
        if (!sleepUntilChanged(seen, idleSince)) {
          thread = null;
          state.set(ABSENT);
          // A job that came between the last look and the line above found this helper asleep.
          if (job() == seen || !state.compareAndSet(ABSENT, AWAKE)) {
            return;
          }
          thread = Thread.currentThread();
        }
      }
    }

    private boolean spinUntilChanged(int seen) {
      for (int i = 0; i < SPINS; i++) {
        if (job() != seen) {
          return true;
        }
        Thread.onSpinWait();
      }
      return false;
    }

    /** False when the idle time is over. */
    private boolean sleepUntilChanged(int seen, long idleSince) {
      state.set(ASLEEP);
      try {
        while (job() == seen) {
          long left = IDLE_NANOS - (System.nanoTime() - idleSince);
          if (left <= 0 || Thread.currentThread().isInterrupted()) {
            return false;
          }
          LockSupport.parkNanos(WorkerTeam.this, left);
        }
        return true;
      } finally {
        state.set(AWAKE);
      }
    }
  }
}
