// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.text.vocabulary.IntList;
import java.util.Arrays;

/**
 * Merges a sequence of symbols: always the pair of lowest rank, the leftmost of equals. The symbols
 * form a linked list, the candidates a heap, so n symbols cost O(n log n). Holds working memory;
 * not thread-safe.
 */
final class Merger {
  private final MergeTable merges;
  private int[] symbols = new int[0];
  private int[] previous = new int[0];
  private int[] next = new int[0];

  /**
   * A binary heap of candidates: rank in the upper, position of the left symbol in the lower half.
   */
  private long[] heap = new long[0];

  private int heapSize;

  Merger(MergeTable merges) {
    this.merges = merges;
  }

  /** Merges the symbols from {@code from} to {@code to} and appends what is left. */
  void merge(int[] source, int from, int to, IntList out) {
    int count = to - from;
    reserve(count);
    System.arraycopy(source, from, symbols, 0, count);
    heapSize = 0;
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
      if (i + 1 < count) {
        int rank = merges.rank(symbols[i], symbols[i + 1]);
        if (rank >= 0) {
          heap[heapSize++] = candidate(rank, i);
        }
      }
    }
    for (int i = heapSize / 2 - 1; i >= 0; i--) {
      siftDown(i);
    }
    while (heapSize > 0) {
      long top = pop();
      apply((int) (top >>> 32), (int) top, count);
    }
    for (int i = 0; i < count; i = next[i]) {
      out.add(symbols[i]);
    }
  }

  private static long candidate(int rank, int position) {
    return (long) rank << 32 | position;
  }

  private void apply(int rank, int position, int count) {
    int follower = next[position];
    // A symbol that was merged into its left neighbour is marked -1; a candidate is stale unless
    // its pair still yields the same token.
    if (symbols[position] < 0 || follower >= count) {
      return;
    }
    int current = merges.rank(symbols[position], symbols[follower]);
    if (current < 0 || merges.merged(current) != merges.merged(rank)) {
      return;
    }
    symbols[position] = merges.merged(rank);
    symbols[follower] = -1;
    int after = next[follower];
    next[position] = after;
    if (after < count) {
      previous[after] = position;
      offer(position, after);
    }
    if (previous[position] >= 0) {
      offer(previous[position], position);
    }
  }

  private void offer(int left, int right) {
    int rank = merges.rank(symbols[left], symbols[right]);
    if (rank >= 0) {
      push(candidate(rank, left));
    }
  }

  private void push(long value) {
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heap.length * 2);
    }
    int i = heapSize++;
    while (i > 0 && heap[(i - 1) / 2] > value) {
      heap[i] = heap[(i - 1) / 2];
      i = (i - 1) / 2;
    }
    heap[i] = value;
  }

  private long pop() {
    long top = heap[0];
    heap[0] = heap[--heapSize];
    siftDown(0);
    return top;
  }

  private void siftDown(int start) {
    if (start >= heapSize) {
      return;
    }
    long value = heap[start];
    int i = start;
    while (2 * i + 1 < heapSize) {
      int child = 2 * i + 1;
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= value) {
        break;
      }
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = value;
  }

  private void reserve(int count) {
    if (symbols.length < count) {
      int capacity = Math.max(64, count);
      symbols = new int[capacity];
      previous = new int[capacity];
      next = new int[capacity];
      heap = new long[capacity];
    }
  }
}
