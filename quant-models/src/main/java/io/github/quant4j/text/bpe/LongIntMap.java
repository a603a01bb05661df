// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import java.util.Arrays;

/**
 * A map from non-negative longs to non-negative ints, with open addressing: what a hash map of
 * boxed numbers does with a fifth of the memory. Safe to read from many threads once it is filled.
 */
final class LongIntMap {
  /** What {@link #get} says of a key that is not there. */
  static final int MISSING = -1;

  private final long[] keys;
  private final int[] values;
  private final int mask;

  /** Makes a map for at most {@code entries} keys. */
  LongIntMap(int entries) {
    int capacity = Integer.highestOneBit(Math.max(entries, 4) * 2 - 1) * 2;
    this.keys = new long[capacity];
    this.values = new int[capacity];
    this.mask = capacity - 1;
    Arrays.fill(keys, -1);
  }

  /** A pair of ids as a key. */
  static long key(int left, int right) {
    return (long) left << 32 | right;
  }

  void put(long key, int value) {
    int slot = slot(key);
    keys[slot] = key;
    values[slot] = value;
  }

  int get(long key) {
    int slot = slot(key);
    return keys[slot] == key ? values[slot] : MISSING;
  }

  private int slot(long key) {
    long mixed = key * 0x9E3779B97F4A7C15L;
    int slot = (int) (mixed >>> 32) & mask;
    while (keys[slot] != key && keys[slot] != -1) {
      slot = slot + 1 & mask;
    }
    return slot;
  }
}
