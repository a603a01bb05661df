// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.Arrays;
import java.util.Objects;

/**
 * The tokens of a batch that go to one expert of a mixture, and how much its output counts for
 * each.
 *
 * @param rows rows of the batch, ascending; may be longer than the count
 * @param gates what the expert's output is multiplied by for each of them; may be longer
 * @param count how many tokens there are
 */
public record TokenSelection(int[] rows, float[] gates, int count) {

  /**
   * Checks the count.
   *
   * @throws IndexOutOfBoundsException if the arrays are shorter
   */
  public TokenSelection {
    Objects.checkFromIndexSize(0, count, Math.min(rows.length, gates.length));
  }

  /**
   * How the tokens fall into sequences.
   *
   * @param layout of the whole batch
   * @return as many sequences; positions count the tokens of the selection
   */
  public SequenceLayout layout(SequenceLayout layout) {
    int[] lengths = new int[layout.count()];
    for (int i = 0; i < count; i++) {
      lengths[layout.sequence(rows[i])]++;
    }
    return SequenceLayout.of(lengths);
  }

  /** How many tokens. */
  @Override
  public String toString() {
    return count + " tokens " + Arrays.toString(Arrays.copyOf(rows, Math.min(count, 8)));
  }
}
