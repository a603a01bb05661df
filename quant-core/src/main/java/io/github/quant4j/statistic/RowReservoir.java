// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.statistic;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.PriorityQueue;

/**
 * A uniform sample of the rows of a long input, in bounded memory.
 *
 * <p>Each row has a number, its place in the input, and a pseudorandom rank that follows from the
 * number alone; the rows of least rank stay (bottom-k sampling, Cohen and Kaplan, 2007). So a
 * sample does not depend on batches, and merging the samples of two parts gives the sample of the
 * whole, bit for bit. Not thread-safe.
 */
public final class RowReservoir {
  private final int columns;
  private final int capacity;
  private final PriorityQueue<Kept> kept;

  private record Kept(long rank, long number, float[] values) {
    static final Comparator<Kept> BY_RANK =
        Comparator.comparingLong(Kept::rank).thenComparingLong(Kept::number);
  }

  private RowReservoir(int columns, int capacity) {
    this.columns = columns;
    this.capacity = capacity;
    // The row that goes first lies on top.
    this.kept = new PriorityQueue<>(Kept.BY_RANK.reversed());
  }

  /**
   * A sample of nothing.
   *
   * @param columns width of the rows, at least 1
   * @param capacity how many rows are kept, at least 1
   * @return the empty reservoir
   * @throws IllegalArgumentException if a size is less than 1
   */
  public static RowReservoir of(int columns, int capacity) {
    if (columns < 1 || capacity < 1) {
      throw new IllegalArgumentException(
          "columns: " + columns + ", capacity: " + capacity + ", expected at least 1 for both");
    }
    return new RowReservoir(columns, capacity);
  }

  /**
   * Offers a row.
   *
   * @param values holds the row; copied if it stays
   * @param offset where the row begins
   * @param number its place in the whole input; no two rows have the same
   * @throws IndexOutOfBoundsException if the row is not within the array
   */
  public void add(float[] values, int offset, long number) {
    Objects.checkFromIndexSize(offset, columns, values.length);
    long rank = rank(number);
    if (kept.size() == capacity && rank >= kept.element().rank) {
      return;
    }
    keep(new Kept(rank, number, Arrays.copyOfRange(values, offset, offset + columns)));
  }

  private void keep(Kept row) {
    kept.add(row);
    if (kept.size() > capacity) {
      kept.remove();
    }
  }

  /**
   * Takes in the sample of another part of the same input.
   *
   * @param other of the same width and capacity; not changed
   * @throws IllegalArgumentException if it has another width or capacity
   */
  public void merge(RowReservoir other) {
    if (other.columns != columns || other.capacity != capacity) {
      throw new IllegalArgumentException("other: " + other + ", expected the like of " + this);
    }
    other.kept.forEach(this::keep);
  }

  /**
   * The rows kept, in the order of the input.
   *
   * @return a fresh matrix {@code [rows, columns]}
   */
  public FloatMatrix rows() {
    List<Kept> ordered = new ArrayList<>(kept);
    ordered.sort(Comparator.comparingLong(Kept::number));
    FloatMatrix rows = FloatMatrix.zeros(ordered.size(), columns);
    for (int i = 0; i < ordered.size(); i++) {
      System.arraycopy(ordered.get(i).values, 0, rows.data(), i * columns, columns);
    }
    return rows;
  }

  /** SplitMix64's finalizer (Steele et al., OOPSLA 2014), a bijection: no two rows tie. */
  static long rank(long number) {
    long mixed = (number + 1) * 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }

  /** Rows and capacity. */
  @Override
  public String toString() {
    return "RowReservoir[" + kept.size() + " of at most " + capacity + " rows x " + columns + "]";
  }
}
