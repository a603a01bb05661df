// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

import io.github.quant4j.graph.SequenceLayout;

/**
 * What a recurrent layer keeps of several sequences: for each a state, and the last inputs of its
 * convolution. Its size does not depend on how much the sequences have seen. Not thread-safe, but
 * different parts may be changed at once.
 */
public final class RecurrentState {
  private final Form form;
  private final int[] seen;
  private final float[] states;
  private final float[] inputs;

  /**
   * How much is kept of a sequence.
   *
   * @param stateSize floats of the state
   * @param inputSize floats of the convolution's last inputs
   */
  public record Form(int stateSize, int inputSize) implements KeyValueCache.Form {}

  /** All zero: sequences that have seen nothing. */
  RecurrentState(Form form, int sequences) {
    this.form = form;
    this.seen = new int[sequences];
    this.states = new float[Math.multiplyExact(sequences, form.stateSize)];
    this.inputs = new float[Math.multiplyExact(sequences, form.inputSize)];
  }

  /**
   * Begins a batch that goes on where the sequences are, and counts its tokens as seen.
   *
   * @throws IllegalStateException if the state is not that of the tokens before: a batch that was
   *     not finished has changed it
   */
  public void begin(SequenceLayout layout) {
    for (int s = 0; s < seen.length; s++) {
      if (layout.firstPosition(s) != seen[s]) {
        throw new IllegalStateException(
            "sequence "
                + s
                + " goes on at position "
                + layout.firstPosition(s)
                + ", but its recurrent state has seen "
                + seen[s]
                + " tokens: a batch before it has failed, expected a new session");
      }
    }
    for (int s = 0; s < seen.length; s++) {
      seen[s] += layout.length(s);
    }
  }

  /** The states of all sequences, live. */
  public float[] states() {
    return states;
  }

  /** Where the state of a sequence begins. */
  public int stateOffset(int sequence) {
    return sequence * form.stateSize;
  }

  /** The last inputs of all sequences, live. */
  public float[] inputs() {
    return inputs;
  }

  /** Where the last inputs of a sequence begin. */
  public int inputOffset(int sequence) {
    return sequence * form.inputSize;
  }

  long size() {
    return (long) states.length + inputs.length;
  }
}
