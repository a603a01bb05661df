// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.runtime;

/** What a block computes between its site groups. Programs are stateless but for their weights. */
public interface BlockProgram {

  /** Makes the input of the first group from the hidden states. */
  void start(Activations activations);

  /**
   * Runs a group's sites on their input, and makes the input of the next group; after the last
   * group, the hidden states are the block's output.
   */
  void step(int group, Activations activations);
}
