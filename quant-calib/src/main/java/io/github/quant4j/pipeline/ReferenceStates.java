// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.BlockPass;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.tensor.FloatMatrix;

/** The first calibration sequence on its way through the blocks as they were given. */
final class ReferenceStates {
  private ReferenceStates() {}

  /** The first sequence of a batch, alone. */
  static HiddenStates first(FloatMatrix values, SequenceLayout layout) {
    int length = layout.length(0);
    return new HiddenStates(values.rowRange(0, length), SequenceLayout.of(length));
  }

  /** What a block makes of states. */
  static FloatMatrix through(Block block, HiddenStates input) {
    BlockPass pass = block.begin(input, false);
    while (pass.nextGroup() < block.layout().groups().size()) {
      pass.advance();
    }
    return pass.output().values();
  }
}
