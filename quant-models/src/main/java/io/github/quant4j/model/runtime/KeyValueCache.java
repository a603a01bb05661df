// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of everything that several sequences have seen so far and may still look at,
 * layer by layer: {@code [sequences, heads, room, width]}, so that a head's keys are contiguous.
 * Layers whose tokens see a window keep little more than that, recurrent ones a {@link
 * RecurrentState}. Not thread-safe.
 */
public final class KeyValueCache {
  private final int capacity;
  private final int[] lengths;
  private final @Nullable Layer[] layers;
  private final @Nullable RecurrentState[] recurrent;

  /** What a layer keeps. */
  public sealed interface Form permits LayerForm, RecurrentState.Form {}

  /**
   * What a layer of attention keeps.
   *
   * @param heads key and value heads
   * @param keyWidth channels of a key
   * @param valueWidth channels of a value
   * @param span what its tokens see
   */
  public record LayerForm(int heads, int keyWidth, int valueWidth, AttentionForm.Span span)
      implements Form {}

  /**
   * Room for so many tokens of so many sequences.
   *
   * @param most tokens that are stored of one sequence at once
   */
  public KeyValueCache(List<? extends Form> layers, int sequences, int capacity, int most) {
    this.capacity = capacity;
    this.lengths = new int[sequences];
    this.layers = new @Nullable Layer[layers.size()];
    this.recurrent = new @Nullable RecurrentState[layers.size()];
    for (int i = 0; i < this.layers.length; i++) {
      switch (layers.get(i)) {
        case LayerForm form -> this.layers[i] = new Layer(form, sequences, capacity, most);
        case RecurrentState.Form form -> recurrent[i] = new RecurrentState(form, sequences);
      }
    }
  }

  private Layer layer(int index) {
    Layer kept = layers[index];
    if (kept == null) {
      throw new IllegalStateException("layer " + index + " keeps no keys and values");
    }
    return kept;
  }

  /** What a recurrent layer keeps. */
  public RecurrentState recurrent(int layer) {
    RecurrentState kept = recurrent[layer];
    if (kept == null) {
      throw new IllegalStateException("layer " + layer + " is not recurrent");
    }
    return kept;
  }

  /** What one layer keeps: of each sequence the positions from {@code first} on. */
  private static final class Layer {
    private final LayerForm form;
    private final int room;
    private final int[] first;
    private final float[] keys;
    private final float[] values;

    Layer(LayerForm form, int sequences, int capacity, int most) {
      this.form = form;
      // Twice what is seen, so that moving it to the front costs each token one copy.
      long needed =
          form.span.isLimited()
              ? Math.max(2L * form.span.most(), (long) form.span.most() + most)
              : capacity;
      this.room = (int) Math.min(capacity, needed);
      this.first = new int[sequences];
      this.keys = new float[size(sequences, capacity, form.keyWidth)];
      this.values = new float[size(sequences, capacity, form.valueWidth)];
    }

    private int size(int sequences, int capacity, int width) {
      long size = (long) sequences * form.heads * room * width;
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
      return (int) size;
    }

    /** Forgets what no token from a position on sees, if there is no room for more. */
    void makeRoom(int sequence, int position, int count) {
      if (position + count - first[sequence] <= room) {
        return;
      }
      int from = form.span.earliest(position);
      int rows = position - from;
      for (int head = 0; head < form.heads; head++) {
        int base = (sequence * form.heads + head) * room;
        int skipped = base + from - first[sequence];
        System.arraycopy(
            keys, skipped * form.keyWidth, keys, base * form.keyWidth, rows * form.keyWidth);
        System.arraycopy(
            values,
            skipped * form.valueWidth,
            values,
            base * form.valueWidth,
            rows * form.valueWidth);
      }
      first[sequence] = from;
    }

    /** Where position 0 of a head would lie, in rows. */
    int base(int sequence, int head) {
      return (sequence * form.heads + head) * room - first[sequence];
    }
  }

  public int sequences() {
    return lengths.length;
  }

  public int length(int sequence) {
    return lengths[sequence];
  }

  /** Elements of all keys, values and states. */
  public long size() {
    long size = 0;
    for (int i = 0; i < layers.length; i++) {
      Layer kept = layers[i];
      size += kept == null ? recurrent(i).size() : (long) kept.keys.length + kept.values.length;
    }
    return size;
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

  /** Stores the keys and values of a batch, each {@code [tokens, heads * width]}. */
  public void store(
      int layer, SequenceLayout layout, float[] source, int keysFrom, int valuesFrom) {
    Layer kept = layer(layer);
    int heads = kept.form.heads;
    int keyWidth = kept.form.keyWidth;
    int valueWidth = kept.form.valueWidth;
    for (int s = 0; s < lengths.length; s++) {
      kept.makeRoom(s, layout.firstPosition(s), layout.length(s));
      for (int i = 0; i < layout.length(s); i++) {
        int row = (layout.start(s) + i) * heads;
        for (int h = 0; h < heads; h++) {
          int to = kept.base(s, h) + layout.firstPosition(s) + i;
          System.arraycopy(
              source, keysFrom + (row + h) * keyWidth, kept.keys, to * keyWidth, keyWidth);
          System.arraycopy(
              source,
              valuesFrom + (row + h) * valueWidth,
              kept.values,
              to * valueWidth,
              valueWidth);
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

  /** What attention looks at in a layer. */
  public GroupedAttention.KeyValues view(int layer) {
    return new View(layer(layer));
  }

  private record View(Layer layer) implements GroupedAttention.KeyValues {
    @Override
    public float[] keys() {
      return layer.keys;
    }

    @Override
    public float[] values() {
      return layer.values;
    }

    @Override
    public int keyOffset(int sequence, int head) {
      return layer.base(sequence, head) * layer.form.keyWidth;
    }

    @Override
    public int valueOffset(int sequence, int head) {
      return layer.base(sequence, head) * layer.form.valueWidth;
    }

    @Override
    public int stride() {
      return layer.form.keyWidth;
    }

    @Override
    public int valueStride() {
      return layer.form.valueWidth;
    }
  }
}
