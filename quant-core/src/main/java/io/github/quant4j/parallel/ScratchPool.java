// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.parallel;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * Arrays that numeric code borrows for the length of a call, so that calls allocate nothing once
 * warm.
 *
 * <p>Share one pool among all that runs one after the other: a model of a hundred layers then keeps
 * the scratch memory of one. What a pool keeps is bounded by what was in use at one time; at most
 * {@value #SLOTS} arrays of a size are kept. Borrowed arrays hold arbitrary values and may be
 * longer than asked for.
 *
 * <p>Thread-safe and lock-free. Threads start looking at different slots, so that each tends to get
 * back the array that its core has in its cache.
 */
public final class ScratchPool {
  /** How many arrays of a size are kept. */
  public static final int SLOTS = 32;

  private static final int SMALLEST = 256;

  /** Bytes behind each array that nobody uses: no two arrays share a cache line, or a pair. */
  private static final int GAP = 128;

  private final Shelf<float[]> floats = new Shelf<>(float[]::new, GAP / Float.BYTES);
  private final Shelf<int[]> ints = new Shelf<>(int[]::new, GAP / Integer.BYTES);
  private final Shelf<short[]> shorts = new Shelf<>(short[]::new, GAP / Short.BYTES);
  private final Shelf<byte[]> bytes = new Shelf<>(byte[]::new, GAP);

  /** Makes an empty pool. */
  public ScratchPool() {}

  /**
   * Borrows floats.
   *
   * @param length the least length, not negative
   * @return an array with arbitrary contents; give it back with {@link #release(float[])}
   */
  public float[] floats(int length) {
    return floats.borrow(length);
  }

  /**
   * Borrows ints.
   *
   * @param length the least length, not negative
   * @return an array with arbitrary contents; give it back with {@link #release(int[])}
   */
  public int[] ints(int length) {
    return ints.borrow(length);
  }

  /**
   * Borrows shorts.
   *
   * @param length the least length, not negative
   * @return an array with arbitrary contents; give it back with {@link #release(short[])}
   */
  public short[] shorts(int length) {
    return shorts.borrow(length);
  }

  /**
   * Borrows bytes.
   *
   * @param length the least length, not negative
   * @return an array with arbitrary contents; give it back with {@link #release(byte[])}
   */
  public byte[] bytes(int length) {
    return bytes.borrow(length);
  }

  /**
   * Gives an array back.
   *
   * @param array an array that this pool lent; not to be used afterwards
   */
  public void release(float[] array) {
    floats.release(array, array.length);
  }

  /**
   * Gives an array back.
   *
   * @param array an array that this pool lent; not to be used afterwards
   */
  public void release(int[] array) {
    ints.release(array, array.length);
  }

  /**
   * Gives an array back.
   *
   * @param array an array that this pool lent; not to be used afterwards
   */
  public void release(short[] array) {
    shorts.release(array, array.length);
  }

  /**
   * Gives an array back.
   *
   * @param array an array that this pool lent; not to be used afterwards
   */
  public void release(byte[] array) {
    bytes.release(array, array.length);
  }

  /** Arrays of one element type in sizes of four steps to the octave: at most a quarter is lost. */
  private static final class Shelf<T> {
    private static final int STEPS_TO_OCTAVE = 4;

    private final IntFunction<T> maker;
    private final int gap;
    private final AtomicReferenceArray<@Nullable InstancePool<T>> sizes =
        new AtomicReferenceArray<>(Integer.SIZE * STEPS_TO_OCTAVE);

    Shelf(IntFunction<T> maker, int gap) {
      this.maker = maker;
      this.gap = gap;
    }

    private static int octave(int length) {
      return 29 - Integer.numberOfLeadingZeros(length - 1);
    }

    private static int index(int length) {
      int octave = octave(length);
      return octave * STEPS_TO_OCTAVE + ((length - 1) >> octave) - STEPS_TO_OCTAVE;
    }

    private int roundedUp(int length) {
      int octave = octave(length);
      long rounded = (long) (((length - 1) >> octave) + 1) << octave;
      return (int) Math.min(rounded + gap, Integer.MAX_VALUE - 8);
    }

    T borrow(int length) {
      int wanted = Math.max(length, SMALLEST);
      InstancePool<T> pool = sizes.get(index(wanted));
      T array = pool == null ? null : pool.poll();
      return array == null ? maker.apply(roundedUp(wanted)) : array;
    }

    void release(T array, int length) {
      int index = index(length - gap);
      InstancePool<T> pool = sizes.get(index);
      if (pool == null) {
        sizes.compareAndSet(index, null, new InstancePool<>(SLOTS));
        pool = sizes.get(index);
      }
      if (pool != null) {
        pool.offer(array);
      }
    }
  }
}
