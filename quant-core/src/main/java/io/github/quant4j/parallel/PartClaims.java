// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

/**
 * Which parts of a job are still to be had. Each thread has a share of neighbouring parts, the same
 * in each job of as many parts, so that it finds what it read for the last one in its own cache;
 * with its own share done, it takes parts of the others'.
 *
 * <p>A claim names the job: who comes too late for a job takes nothing of the next one.
 */
final class PartClaims {
  /** What {@link #take} returns when no part is left. */
  static final int NONE = -1;

  private final int shares;

  /** For each share, upper half: number of the job; lower half: the next part of the share. */
  private final PaddedLongs next;

  // Written while no share offers a part.
  private volatile int parts;

  PartClaims(int shares) {
    this.shares = shares;
    this.next = new PaddedLongs(shares);
  }

  /** Offers nothing: what follows may be written. */
  void close(int job) {
    for (int share = 0; share < shares; share++) {
      next.set(share, claim(job, Integer.MAX_VALUE));
    }
  }

  /** Offers the parts of the job that the claims were closed for. */
  void open(int job, int count) {
    parts = count;
    for (int share = 0; share < shares; share++) {
      next.set(share, claim(job, start(share, count)));
    }
  }

  /** Takes a part, of the given share as long as there is one; or {@link #NONE}. */
  int take(int job, int share) {
    int from = share;
    for (int i = 0; i < shares; i++) {
      int part = takeFrom(job, from);
      if (part != NONE) {
        return part;
      }
      from = from + 1 == shares ? 0 : from + 1;
    }
    return NONE;
  }

  private int takeFrom(int job, int share) {
    while (true) {
      long claim = next.get(share);
      int part = (int) claim;
      if ((int) (claim >>> Integer.SIZE) != job || part >= start(share + 1, parts)) {
        return NONE;
      }
      if (next.compareAndSet(share, claim, claim + 1)) {
        return part;
      }
    }
  }

  private int start(int share, int count) {
    return (int) ((long) count * share / shares);
  }

  private static long claim(int job, int part) {
    return (long) job << Integer.SIZE | part;
  }
}
