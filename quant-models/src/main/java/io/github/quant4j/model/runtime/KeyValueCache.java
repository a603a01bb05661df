// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;

/**
 * Keys and values of everything that several sequences have seen so far, layer by layer: {@code
 * [sequences, heads, capacity, head width]}, so that a head's keys are contiguous. Not thread-safe.
 */
public final class KeyValueCache {
  private final int heads;
  private final int headWidth;
  private final int capacity;
  private final int[] lengths;
  private final float[][] keys;
  private final float[][] values;

  /** Room for so many tokens of so many sequences. */
  public KeyValueCache(int layers, int heads, int headWidth, int sequences, int capacity) {
    this.heads = heads;
    this.headWidth = headWidth;
    this.capacity = capacity;
    this.lengths = new int[sequences];
    long size = (long) sequences * heads * capacity * headWidth;
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "capacity: "
              + capacity
              + " tokens for "
              + sequences
              + " sequences need "
              + size
              + " elements a layer, expected fewer than 2^31");
    }
    this.keys = new float[layers][(int) size];
    this.values = new float[layers][(int) size];
  }

  public int sequences() {
    return lengths.length;
  }

  public int length(int sequence) {
    return lengths[sequence];
  }

  /** Checks that tokens for each sequence fit. */
  public void requireRoom(int[][] tokens) {
    if (tokens.length != lengths.length) {
      throw new IllegalArgumentException(
          "tokens: for "
              + tokens.length
              + " sequences, expected "
              + lengths.length
              + " as the session has");
    }
    for (int s = 0; s < lengths.length; s++) {
      if (tokens[s].length > capacity - lengths[s]) {
        throw new IllegalArgumentException(
            "tokens: "
                + tokens[s].length
                + " after "
                + lengths[s]
                + " of sequence "
                + s
                + ", expected at most "
                + capacity
                + " in all");
      }
    }
  }

  /** The layout of a batch that adds tokens to each sequence. */
  public SequenceLayout next(int[] tokens) {
    return SequenceLayout.continuing(tokens, lengths);
  }

  /** Stores the keys and values of a batch, both {@code [tokens, heads * head width]}. */
  public void store(
      int layer, SequenceLayout layout, float[] source, int keysFrom, int valuesFrom) {
    int width = heads * headWidth;
    for (int s = 0; s < lengths.length; s++) {
      for (int i = 0; i < layout.length(s); i++) {
        int row = (layout.start(s) + i) * width;
        for (int h = 0; h < heads; h++) {
          int to = offset(s, h) + (layout.firstPosition(s) + i) * headWidth;
          int from = row + h * headWidth;
          System.arraycopy(source, keysFrom + from, keys[layer], to, headWidth);
          System.arraycopy(source, valuesFrom + from, values[layer], to, headWidth);
        }
      }
    }
  }

  /** Counts a batch as seen, once all layers have stored it. */
  public void advance(SequenceLayout layout) {
    for (int s = 0; s < lengths.length; s++) {
      lengths[s] += layout.length(s);
    }
  }

  public float[] keys(int layer) {
    return keys[layer];
  }

  public float[] values(int layer) {
    return values[layer];
  }

  /** Where a head's rows begin. */
  public int offset(int sequence, int head) {
    return (sequence * heads + head) * capacity * headWidth;
  }
}
