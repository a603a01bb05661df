// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.tensor.FloatMatrix;

/**
 * Hidden states of texts with the windows that they are about, taken apart. In a batch every text
 * is one sequence: first the frames of its window, as many in all of them, then its tokens.
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

  /**
   * Takes states apart.
   *
   * @param frames of each window
   * @param block what messages name
   */
  static SpokenStates of(HiddenStates states, int frames, int width, String block) {
    SequenceLayout layout = states.layout();
    if (states.values().columns() != width) {
      throw new IllegalArgumentException(
          "input: " + states.values() + ", expected " + width + " columns for block " + block);
    }
    int[] lengths = new int[layout.count()];
    for (int s = 0; s < layout.count(); s++) {
      lengths[s] = layout.length(s) - frames;
      if (layout.firstPosition(s) != 0 || lengths[s] < 1) {
        throw new IllegalArgumentException(
            "input: sequence "
                + s
                + " has "
                + layout.length(s)
                + " rows from position "
                + layout.firstPosition(s)
                + ", expected the "
                + frames
                + " frames of a window and at least one token behind them, for block "
                + block);
      }
    }
    SequenceLayout windows = SequenceLayout.uniform(layout.count(), frames);
    SequenceLayout texts = SequenceLayout.of(lengths);
    SpokenStates parts =
        new SpokenStates(
            layout,
            windows,
            new float[windows.tokens() * width],
            texts,
            new float[texts.tokens() * width],
            width);
    float[] all = states.values().data();
    for (int s = 0; s < layout.count(); s++) {
      System.arraycopy(
          all, parts.framesFrom(s), parts.features, windows.start(s) * width, frames * width);
      System.arraycopy(
          all, parts.tokensFrom(s), parts.hidden, texts.start(s) * width, lengths[s] * width);
    }
    return parts;
  }

  /** Where the frames of a text's window lie among all. */
  private int framesFrom(int text) {
    return layout.start(text) * width;
  }

  /** Where a text's tokens lie among all. */
  private int tokensFrom(int text) {
    return (layout.start(text) + windows.length(text)) * width;
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
    for (int s = 0; s < layout.count(); s++) {
      System.arraycopy(
          features,
          windows.start(s) * width,
          values.data(),
          framesFrom(s),
          windows.length(s) * width);
      System.arraycopy(
          hidden, texts.start(s) * width, values.data(), tokensFrom(s), texts.length(s) * width);
    }
    return new HiddenStates(values, layout);
  }
}
