// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that are lent for the time of a call, so that numeric code which runs over and over
 * allocates nothing once warm.
 *
 * <p>At most {@value #SLOTS} arrays are kept; what is beyond is left to the garbage collector. The
 * class is thread-safe and never blocks.
 */
public final class ScratchPool {
  /** More than the threads of most teams; the search for a free slot stays short all the same. */
  private static final int SLOTS = 64;

  private final AtomicReferenceArray<float @Nullable []> slots = new AtomicReferenceArray<>(SLOTS);

  /** Makes an empty pool. */
  public ScratchPool() {}

  /**
   * Lends an array.
   *
   * @param length the least number of elements
   * @return an array of at least that length with arbitrary contents, for the caller alone until it
   *     is {@linkplain #release given back}
   */
  public float[] floats(int length) {
    for (int i = 0; i < SLOTS; i++) {
      float[] kept = slots.getAcquire(i);
      if (kept != null && kept.length >= length && slots.compareAndSet(i, kept, null)) {
        return kept;
      }
    }
    return new float[length];
  }

  /**
   * Takes an array back. If there is no room, it replaces the shortest array that is kept.
   *
   * @param array what {@link #floats} lent; not to be used afterwards
   */
  public void release(float[] array) {
    int shortest = 0;
    int least = Integer.MAX_VALUE;
    for (int i = 0; i < SLOTS; i++) {
      float[] kept = slots.getAcquire(i);
      if (kept == null) {
        if (slots.compareAndSet(i, null, array)) {
          return;
        }
      } else if (kept.length < least) {
        least = kept.length;
        shortest = i;
      }
    }
    if (least < array.length) {
      slots.set(shortest, array);
    }
  }
}
