// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Remembers how short sequences of symbols merge. Each sequence has one slot, which the latest
 * owner takes over, so memory is bounded and there is nothing to lock: entries are immutable, and a
 * thread that sees an old one only merges anew.
 */
final class SegmentCache {
  /** Longer sequences seldom occur twice. */
  static final int MAXIMUM_SYMBOLS = 48;

  private static final int SLOTS = 1 << 15;

  private record Entry(int[] symbols, int[] ids) {}

  private final @Nullable Entry[] slots = new Entry[SLOTS];

  /** The tokens of a sequence, or null if they are not known. Not to be modified. */
  int @Nullable [] get(int[] symbols, int from, int to, int hash) {
    Entry entry = slots[hash & SLOTS - 1];
    return entry != null && Arrays.equals(entry.symbols, 0, entry.symbols.length, symbols, from, to)
        ? entry.ids
        : null;
  }

  void put(int[] symbols, int from, int to, int hash, int[] ids) {
    slots[hash & SLOTS - 1] = new Entry(Arrays.copyOfRange(symbols, from, to), ids);
  }

  static int hash(int[] symbols, int from, int to) {
    int hash = to - from;
    for (int i = from; i < to; i++) {
      hash = hash * 31 + symbols[i];
    }
    hash *= 0x9E3779B1;
    return hash ^ hash >>> 15;
  }
}
