// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.graph.SequenceLayout;
import org.jspecify.annotations.Nullable;

/**
 * Texts inside a decoder: the residual stream, the input of the next site group, and their past.
 */
final class TextActivations {
  private final SequenceLayout layout;
  private final float[] hidden;
  private final float[] input;
  private final @Nullable TextCache cache;
  private @Nullable CrossMemory memory;

  /**
   * Uses arrays of the caller's.
   *
   * @param layout how the tokens fall into texts
   * @param hidden the block's input {@code [tokens, width]}, which becomes its output
   * @param input room for the widest site input, {@code [tokens, in]}
   * @param cache what the texts have seen before; if absent, they are whole
   */
  TextActivations(SequenceLayout layout, float[] hidden, float[] input, @Nullable TextCache cache) {
    this.layout = layout;
    this.hidden = hidden;
    this.input = input;
    this.cache = cache;
  }

  SequenceLayout layout() {
    return layout;
  }

  int tokens() {
    return layout.tokens();
  }

  float[] hidden() {
    return hidden;
  }

  float[] input() {
    return input;
  }

  @Nullable TextCache cache() {
    return cache;
  }

  /** What the cross attention of the present block attends to. */
  CrossMemory memory() {
    CrossMemory present = memory;
    if (present == null) {
      throw new IllegalStateException("the encoder's output has not been projected");
    }
    return present;
  }

  void setMemory(CrossMemory present) {
    this.memory = present;
  }
}
