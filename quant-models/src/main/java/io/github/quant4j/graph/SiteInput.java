// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Objects;
import java.util.Optional;

/**
 * The input of a site group, for looking at: a slice of a live array that is overwritten as soon as
 * the computation goes on.
 *
 * @param data holds the rows one after the other, {@code [tokens, width]}; may be longer; not to be
 *     changed
 * @param offset position of the first row's first element
 * @param width input features
 * @param layout how the rows fall into sequences; one row for each token
 * @param selection which tokens of the batch the rows are, if they are not all of them
 */
public record SiteInput(
    float[] data,
    int offset,
    int width,
    SequenceLayout layout,
    Optional<TokenSelection> selection) {

  /**
   * The input of sites that see all tokens.
   *
   * @param data holds the rows one after the other
   * @param offset position of the first row's first element
   * @param width input features
   * @param layout how the rows fall into sequences
   * @throws IndexOutOfBoundsException if the rows are not within the array
   */
  public SiteInput(float[] data, int offset, int width, SequenceLayout layout) {
    this(data, offset, width, layout, Optional.empty());
  }

  /**
   * Checks the range.
   *
   * @throws IndexOutOfBoundsException if the rows are not within the array
   */
  public SiteInput {
    Objects.checkFromIndexSize(offset, (long) layout.tokens() * width, data.length);
  }

  /**
   * The number of rows.
   *
   * @return tokens
   */
  public int tokens() {
    return layout.tokens();
  }

  /**
   * A copy that stays.
   *
   * @return {@code [tokens, width]}
   */
  public FloatMatrix copy() {
    int size = tokens() * width;
    return FloatMatrix.wrap(tokens(), width, Arrays.copyOfRange(data, offset, offset + size));
  }
}
