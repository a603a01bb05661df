// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Keeps instances for reuse: the arguments of a call travel to other threads in one of these,
 * because a capturing lambda would be allocated for each call.
 *
 * <p>Thread-safe and lock-free. An instance that finds no free slot is dropped.
 *
 * @param <T> what is kept
 */
public final class InstancePool<T> {
  /**
   * References from slot to slot: 128 bytes, two cache lines, lest threads that use different slots
   * take lines from each other.
   */
  private static final int SPACING = 32;

  private final AtomicReferenceArray<@Nullable T> slots;
  private final int mask;

  /**
   * Makes an empty pool.
   *
   * @param slots how many instances are kept at most, a power of two
   * @throws IllegalArgumentException if the number is not a power of two
   */
  public InstancePool(int slots) {
    if (slots < 1 || Integer.bitCount(slots) != 1) {
      throw new IllegalArgumentException("slots: " + slots + ", expected a power of two");
    }
    this.slots = new AtomicReferenceArray<>((slots + 1) * SPACING);
    this.mask = slots - 1;
  }

  /**
   * Takes an instance.
   *
   * @return an instance that was given back, or null if there is none
   */
  public @Nullable T poll() {
    int first = start();
    for (int i = 0; i <= mask; i++) {
      int slot = at((first + i) & mask);
      T instance = slots.get(slot);
      if (instance != null && slots.compareAndSet(slot, instance, null)) {
        return instance;
      }
    }
    return null;
  }

  /**
   * Gives an instance back.
   *
   * @param instance not to be used by the caller afterwards
   */
  public void offer(T instance) {
    int first = start();
    for (int i = 0; i <= mask; i++) {
      int slot = at((first + i) & mask);
      if (slots.get(slot) == null && slots.compareAndSet(slot, null, instance)) {
        return;
      }
    }
  }

  private static int at(int slot) {
    return (slot + 1) * SPACING - 1;
  }

  private int start() {
    return (int) Thread.currentThread().threadId() & mask;
  }
}
