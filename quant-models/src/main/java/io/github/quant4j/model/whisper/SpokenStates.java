// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * Hidden states of texts with the windows that they are about, taken apart. In a batch every text
 * is two sequences: first the frames of its window, then its tokens.
 *
 * @param layout of the batch
 * @param windows how the frames fall into windows
 * @param features {@code [frames of all windows, width]}
 * @param texts how the tokens fall into texts
 * @param hidden {@code [tokens of all texts, width]}
 */
@SuppressWarnings("ArrayRecordComponent") // long arrays that nobody compares
record SpokenStates(
    SequenceLayout layout,
    SequenceLayout windows,
    float[] features,
    SequenceLayout texts,
    float[] hidden,
    int width) {

  static SpokenStates of(HiddenStates states, int width, String block) {
    SequenceLayout layout = states.layout();
    if (states.values().columns() != width || layout.count() % 2 != 0) {
      throw new IllegalArgumentException(
          "input: "
              + states.values()
              + " of "
              + layout
              + ", expected "
              + width
              + " columns, and for each text the frames of its window and its tokens, for block "
              + block);
    }
    for (int s = 0; s < layout.count(); s++) {
      if (layout.firstPosition(s) != 0 || layout.length(s) == 0) {
        throw new IllegalArgumentException(
            "input: sequence "
                + s
                + " has "
                + layout.length(s)
                + " rows from position "
                + layout.firstPosition(s)
                + ", expected whole sequences that are not empty");
      }
    }
    SequenceLayout windows = lengths(layout, 0);
    SequenceLayout texts = lengths(layout, 1);
    float[] features = new float[windows.tokens() * width];
    float[] hidden = new float[texts.tokens() * width];
    copy(states.values().data(), layout, 0, windows, features, width, false);
    copy(states.values().data(), layout, 1, texts, hidden, width, false);
    return new SpokenStates(layout, windows, features, texts, hidden, width);
  }

  private static SequenceLayout lengths(SequenceLayout layout, int parity) {
    int[] lengths = new int[layout.count() / 2];
    for (int i = 0; i < lengths.length; i++) {
      lengths[i] = layout.length(2 * i + parity);
    }
    return SequenceLayout.of(lengths);
  }

  /** Copies every second sequence of a batch to where it lies among its kind, or back. */
  private static void copy(
      float[] all,
      SequenceLayout layout,
      int parity,
      SequenceLayout part,
      float[] some,
      int width,
      boolean back) {
    for (int i = 0; i < part.count(); i++) {
      int inAll = layout.start(2 * i + parity) * width;
      int inSome = part.start(i) * width;
      int size = part.length(i) * width;
      if (back) {
        System.arraycopy(some, inSome, all, inAll, size);
      } else {
        System.arraycopy(all, inAll, some, inSome, size);
      }
    }
  }

  /** The frames of each window. */
  int[] frames() {
    int[] frames = new int[windows.count()];
    for (int i = 0; i < frames.length; i++) {
      frames[i] = windows.length(i);
    }
    return frames;
  }

  /** The batch as it is now. */
  HiddenStates joined() {
    FloatMatrix values = FloatMatrix.zeros(layout.tokens(), width);
    copy(values.data(), layout, 0, windows, features, width, true);
    copy(values.data(), layout, 1, texts, hidden, width, true);
    return new HiddenStates(values, layout);
  }
}
