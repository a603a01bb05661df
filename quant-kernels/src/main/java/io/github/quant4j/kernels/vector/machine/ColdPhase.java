// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.machine;

import java.util.concurrent.atomic.AtomicLong;

/**
 * The time in which plain loops stand in for vector code, one for each kind of loop.
 *
 * <p>Vector code that is not compiled puts every vector on the heap, and its compilation takes as
 * long as some hundred tokens of a small model in plain loops, which the compiler turns into vector
 * instructions by itself. So a JVM that does little work is better off without it. Compiled code
 * belongs to the process and not to a kernel, and so does the count of the work done.
 *
 * <p>Only for loops that give the same results to the last bit: what is counted here must never be
 * seen in a result.
 */
public final class ColdPhase {
  /** Multiply-adds after which vector code pays, for a kind of loop. */
  static final long MOST_WORK = 1L << 28;

  /** Integer products of 4-bit words. */
  public static final ColdPhase INTEGER_NIBBLES = new ColdPhase();

  /** Float products of 4-bit words. */
  public static final ColdPhase FLOAT_NIBBLES = new ColdPhase();

  /** Dot products of floats. */
  public static final ColdPhase DOT_PRODUCTS = new ColdPhase();

  private final AtomicLong work = new AtomicLong();

  // Not volatile: a thread that sees it late computes the same.
  private boolean over;

  private ColdPhase() {}

  /**
   * Whether vector code is to be used from now on.
   *
   * @return true once there was enough work
   */
  public boolean isOver() {
    return over;
  }

  /**
   * Counts a piece of work in a phase that is not over.
   *
   * @param multiplyAdds its size
   * @return whether it is to be done in plain loops
   */
  public boolean takes(long multiplyAdds) {
    if (over) {
      return false;
    }
    if (work.addAndGet(multiplyAdds) > MOST_WORK) {
      over = true;
    }
    return !over;
  }

  /** Goes over to vector code everywhere, as whoever warms it up wants. */
  public static void endAll() {
    INTEGER_NIBBLES.over = true;
    FLOAT_NIBBLES.over = true;
    DOT_PRODUCTS.over = true;
  }

  /** Begins anew everywhere, for tests. */
  public static void beginAll() {
    INTEGER_NIBBLES.begin();
    FLOAT_NIBBLES.begin();
    DOT_PRODUCTS.begin();
  }

  private void begin() {
    work.set(0);
    over = false;
  }
}
