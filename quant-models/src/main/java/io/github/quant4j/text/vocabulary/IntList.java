// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.vocabulary;

import java.util.Arrays;

/** A growing list of ints. Not thread-safe. */
public final class IntList {
  private int[] values;
  private int size;

  /**
   * Makes an empty list.
   *
   * @param capacity how many values it holds before it grows
   */
  public IntList(int capacity) {
    this.values = new int[Math.max(capacity, 8)];
  }

  /**
   * Appends a value.
   *
   * @param value any
   */
  public void add(int value) {
    reserve(1);
    values[size++] = value;
  }

  /**
   * Appends values.
   *
   * @param more the values
   */
  public void addAll(int[] more) {
    reserve(more.length);
    System.arraycopy(more, 0, values, size, more.length);
    size += more.length;
  }

  /**
   * How many values there are.
   *
   * @return the count
   */
  public int size() {
    return size;
  }

  /**
   * A copy of a part.
   *
   * @param from first index
   * @param to the index after the last
   * @return the values
   */
  public int[] copyOfRange(int from, int to) {
    return Arrays.copyOfRange(values, from, to);
  }

  /**
   * A copy.
   *
   * @return the values
   */
  public int[] toArray() {
    return Arrays.copyOf(values, size);
  }

  /**
   * The array behind the list.
   *
   * @return the values and some room behind them; valid until the next change
   */
  public int[] array() {
    return values;
  }

  /** Takes all values out. */
  public void clear() {
    size = 0;
  }

  /**
   * Takes the last values out.
   *
   * @param count how many are left, at most as many as there are
   */
  public void truncate(int count) {
    size = Math.min(size, count);
  }

  private void reserve(int more) {
    if (size + more > values.length) {
      values = Arrays.copyOf(values, Math.max(size + more, values.length + (values.length >> 1)));
    }
  }
}
