// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.model.runtime.GroupedAttention;
import java.util.Arrays;

/**
 * Keys and values of everything that several texts have seen so far, layer by layer: {@code [slots,
 * heads, capacity, head width]}. Texts can go on as copies of each other, as beams do: those that
 * end leave their slots to the copies. Not thread-safe.
 */
final class TextCache {
  private final int heads;
  private final int headWidth;
  private final int capacity;
  private int[] slots;
  private int[] lengths;
  private final float[][] keys;
  private final float[][] values;

  /** Room for so many tokens of so many texts. */
  TextCache(WhisperDecoderConfiguration configuration, int texts, int capacity) {
    this.heads = configuration.heads();
    this.headWidth = configuration.width() / heads;
    this.capacity = capacity;
    this.slots = new int[texts];
    Arrays.setAll(slots, i -> i);
    this.lengths = new int[texts];
    int size = Math.toIntExact((long) texts * capacity * configuration.width());
    this.keys = new float[configuration.layers()][size];
    this.values = new float[configuration.layers()][size];
  }

  int texts() {
    return lengths.length;
  }

  int length(int text) {
    return lengths[text];
  }

  int capacity() {
    return capacity;
  }

  /** The layout of a batch that adds tokens to each text. */
  SequenceLayout next(int[] tokens) {
    return SequenceLayout.continuing(tokens, lengths);
  }

  private int offset(int slot, int head) {
    return (slot * heads + head) * capacity * headWidth;
  }

  /** Stores the keys and values of a batch, both {@code [tokens, width]}. */
  void store(int layer, SequenceLayout layout, float[] source, int keysFrom, int valuesFrom) {
    int width = heads * headWidth;
    for (int text = 0; text < lengths.length; text++) {
      for (int i = 0; i < layout.length(text); i++) {
        int row = (layout.start(text) + i) * width;
        for (int head = 0; head < heads; head++) {
          int to = offset(slots[text], head) + (layout.firstPosition(text) + i) * headWidth;
          int from = row + head * headWidth;
          System.arraycopy(source, keysFrom + from, keys[layer], to, headWidth);
          System.arraycopy(source, valuesFrom + from, values[layer], to, headWidth);
        }
      }
    }
  }

  /** Counts a batch as seen, once all layers have stored it. */
  void advance(SequenceLayout layout) {
    for (int text = 0; text < lengths.length; text++) {
      lengths[text] += layout.length(text);
    }
  }

  /**
   * Lets every text go on from where another one stands.
   *
   * @param parents for each text the one that it continues
   */
  void reorder(int[] parents) {
    int[] changed = new int[slots.length];
    int[] changedLengths = new int[slots.length];
    boolean[] isKept = new boolean[slots.length];
    boolean[] isCopy = new boolean[slots.length];
    for (int text = 0; text < parents.length; text++) {
      int slot = slots[parents[text]];
      isCopy[text] = isKept[slot];
      isKept[slot] = true;
      changed[text] = slot;
      changedLengths[text] = lengths[parents[text]];
    }
    int free = 0;
    for (int text = 0; text < parents.length; text++) {
      if (isCopy[text]) {
        while (isKept[free]) {
          free++;
        }
        copy(changed[text], free, changedLengths[text]);
        changed[text] = free++;
      }
    }
    slots = changed;
    lengths = changedLengths;
  }

  private void copy(int from, int to, int length) {
    for (int layer = 0; layer < keys.length; layer++) {
      for (int head = 0; head < heads; head++) {
        int source = offset(from, head);
        int target = offset(to, head);
        System.arraycopy(keys[layer], source, keys[layer], target, length * headWidth);
        System.arraycopy(values[layer], source, values[layer], target, length * headWidth);
      }
    }
  }

  /** What a layer's attention attends to. */
  GroupedAttention.KeyValues layer(int layer) {
    return new Layer(layer);
  }

  private final class Layer implements GroupedAttention.KeyValues {
    private final int layer;

    Layer(int layer) {
      this.layer = layer;
    }

    @Override
    public float[] keys() {
      return keys[layer];
    }

    @Override
    public float[] values() {
      return values[layer];
    }

    @Override
    public int keyOffset(int sequence, int head) {
      return offset(slots[sequence], head);
    }

    @Override
    public int valueOffset(int sequence, int head) {
      return offset(slots[sequence], head);
    }

    @Override
    public int stride() {
      return headWidth;
    }
  }
}
