// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Longs that threads share, each far from the others and from other objects: a thread that writes
 * one does not take the cache line of another from the thread that reads it. Between core complexes
 * of one processor such a line takes 300 nanoseconds to come and go.
 */
final class PaddedLongs {
  /** Two cache lines, since some processors fetch lines in pairs. */
  private static final int SPACING = 128 / Long.BYTES;

  private final AtomicLongArray values;

  PaddedLongs(int count) {
    this.values = new AtomicLongArray((count + 1) * SPACING);
  }

  private static int at(int index) {
    return (index + 1) * SPACING - 1;
  }

  long get(int index) {
    return values.get(at(index));
  }

  void set(int index, long value) {
    values.set(at(index), value);
  }

  void add(int index, long value) {
    values.getAndAdd(at(index), value);
  }

  boolean compareAndSet(int index, long expected, long value) {
    return values.compareAndSet(at(index), expected, value);
  }
}
