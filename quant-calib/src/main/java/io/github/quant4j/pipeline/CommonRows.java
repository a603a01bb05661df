// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.TokenSelection;
import java.util.Arrays;
import java.util.Optional;

/** The rows of two selections of one batch that both have. */
final class CommonRows {
  private CommonRows() {}

  /**
   * The rows of an input whose tokens another has as well.
   *
   * @param input of all tokens of a batch, or of some
   * @param other of the same batch
   * @return the input itself if it has all tokens
   */
  static SiteInput of(SiteInput input, SiteInput other) {
    TokenSelection selection = input.selection().orElse(null);
    TokenSelection others = other.selection().orElse(null);
    if (selection == null || others == null) {
      return input;
    }
    int width = input.width();
    int[] rows = new int[selection.count()];
    float[] gates = new float[selection.count()];
    float[] data = new float[Math.multiplyExact(selection.count(), width)];
    int count = 0;
    for (int i = 0; i < selection.count(); i++) {
      int row = selection.rows()[i];
      if (Arrays.binarySearch(others.rows(), 0, others.count(), row) >= 0) {
        rows[count] = row;
        gates[count] = selection.gates()[i];
        System.arraycopy(input.data(), input.offset() + i * width, data, count * width, width);
        count++;
      }
    }
    return new SiteInput(
        data,
        0,
        width,
        SequenceLayout.of(count),
        Optional.of(new TokenSelection(rows, gates, count)));
  }
}
