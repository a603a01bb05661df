// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.graph;

import java.util.Arrays;
import java.util.Objects;

/**
 * How the rows of an activation matrix {@code [tokens, width]} fall into sequences: sequence after
 * sequence, each a run of consecutive positions. Tokens of different sequences do not see each
 * other, so several windows can go through a model in one batch, without padding.
 *
 * <p>Instances are immutable.
 */
public final class SequenceLayout {
  private final int[] starts;
  private final int[] firstPositions;

  private SequenceLayout(int[] starts, int[] firstPositions) {
    this.starts = starts;
    this.firstPositions = firstPositions;
  }

  /**
   * Sequences that begin at position 0.
   *
   * @param lengths tokens of each sequence, not negative
   * @return the layout
   * @throws IllegalArgumentException if a length is negative or the sum overflows
   */
  public static SequenceLayout of(int... lengths) {
    return continuing(lengths, new int[lengths.length]);
  }

  /**
   * Sequences of one length that begin at position 0.
   *
   * @param sequences how many
   * @param length tokens of each
   * @return the layout
   * @throws IllegalArgumentException if a number is negative or the product overflows
   */
  public static SequenceLayout uniform(int sequences, int length) {
    if (sequences < 0) {
      throw new IllegalArgumentException("sequences: " + sequences + ", expected at least 0");
    }
    int[] lengths = new int[sequences];
    Arrays.fill(lengths, length);
    return of(lengths);
  }

  /**
   * Sequences of which a part was seen before, as when text is generated.
   *
   * @param lengths tokens of each sequence, not negative
   * @param firstPositions the position of each sequence's first token: how many came before it
   * @return the layout
   * @throws IllegalArgumentException if the arrays differ in length, a number is negative, or a sum
   *     overflows
   */
  public static SequenceLayout continuing(int[] lengths, int[] firstPositions) {
    if (lengths.length != firstPositions.length) {
      throw new IllegalArgumentException(
          "first positions: "
              + firstPositions.length
              + ", expected "
              + lengths.length
              + " as there are sequences");
    }
    int[] starts = new int[lengths.length + 1];
    for (int i = 0; i < lengths.length; i++) {
      long end = (long) starts[i] + lengths[i];
      if (lengths[i] < 0
          || firstPositions[i] < 0
          || end > Integer.MAX_VALUE
          || (long) firstPositions[i] + lengths[i] > Integer.MAX_VALUE) {
        throw new IllegalArgumentException(
            "sequence "
                + i
                + ": "
                + lengths[i]
                + " tokens from position "
                + firstPositions[i]
                + ", expected neither to be negative, and fewer than 2^31 tokens in all");
      }
      starts[i + 1] = (int) end;
    }
    return new SequenceLayout(starts, firstPositions.clone());
  }

  /**
   * The number of sequences.
   *
   * @return may be 0
   */
  public int count() {
    return firstPositions.length;
  }

  /**
   * The number of tokens.
   *
   * @return rows of the activation matrix
   */
  public int tokens() {
    return starts[starts.length - 1];
  }

  /**
   * The first row of a sequence.
   *
   * @param sequence from 0 to {@code count()}, where it is {@code tokens()}
   * @return its row
   */
  public int start(int sequence) {
    return starts[sequence];
  }

  /**
   * The tokens of a sequence.
   *
   * @param sequence from 0
   * @return its number of rows
   */
  public int length(int sequence) {
    return starts[sequence + 1] - starts[sequence];
  }

  /**
   * The position of a sequence's first token.
   *
   * @param sequence from 0
   * @return how many tokens of the sequence came before this batch
   */
  public int firstPosition(int sequence) {
    return firstPositions[sequence];
  }

  /**
   * The sequence that a row belongs to.
   *
   * <p>Cost: logarithmic in the number of sequences.
   *
   * @param row from 0
   * @return its sequence
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public int sequence(int row) {
    Objects.checkIndex(row, tokens());
    int found = Arrays.binarySearch(starts, row);
    int sequence = found >= 0 ? found : -found - 2;
    // A run of empty sequences shares its start with the one that holds the row.
    while (length(sequence) == 0) {
      sequence++;
    }
    return sequence;
  }

  /**
   * The position of a row within its sequence.
   *
   * @param row from 0
   * @return its position, from 0
   * @throws IndexOutOfBoundsException if there is no such row
   */
  public int position(int row) {
    int sequence = sequence(row);
    return firstPositions[sequence] + row - starts[sequence];
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SequenceLayout layout
        && Arrays.equals(starts, layout.starts)
        && Arrays.equals(firstPositions, layout.firstPositions);
  }

  @Override
  public int hashCode() {
    return 31 * Arrays.hashCode(starts) + Arrays.hashCode(firstPositions);
  }

  /** The numbers of sequences and tokens. */
  @Override
  public String toString() {
    return count() + " sequences, " + tokens() + " tokens";
  }
}
