// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.util.List;

/**
 * How a text differs from the one that it should be: the fewest substitutions, deletions and
 * insertions that turn the right one into it (Levenshtein 1966). Of several ways to do with as few,
 * one is counted.
 *
 * @param length elements of the right text
 * @param substitutions elements in the place of others
 * @param deletions elements of the right text that are missing
 * @param insertions elements that are too much
 */
public record EditCounts(long length, long substitutions, long deletions, long insertions) {
  /** Of nothing. */
  public static final EditCounts NONE = new EditCounts(0, 0, 0, 0);

  /**
   * Compares two texts.
   *
   * <p>Cost: time {@code m n} and memory {@code n} for {@code m} and {@code n} elements.
   *
   * @param reference the right text
   * @param hypothesis what was written
   * @param <T> words or characters
   * @return the edits
   */
  public static <T> EditCounts of(List<T> reference, List<T> hypothesis) {
    int columns = hypothesis.size() + 1;
    // Of each prefix of what was written: substitutions, deletions, insertions.
    int[][] before = new int[columns][3];
    int[][] row = new int[columns][3];
    for (int j = 1; j < columns; j++) {
      before[j][2] = j;
    }
    for (int i = 1; i <= reference.size(); i++) {
      row[0] = new int[] {0, i, 0};
      T right = reference.get(i - 1);
      for (int j = 1; j < columns; j++) {
        int change = right.equals(hypothesis.get(j - 1)) ? 0 : 1;
        int replaced = total(before[j - 1]) + change;
        int deleted = total(before[j]) + 1;
        int inserted = total(row[j - 1]) + 1;
        if (replaced <= deleted && replaced <= inserted) {
          set(row[j], before[j - 1], change, 0, 0);
        } else if (deleted <= inserted) {
          set(row[j], before[j], 0, 1, 0);
        } else {
          set(row[j], row[j - 1], 0, 0, 1);
        }
      }
      int[][] free = before;
      before = row;
      row = free;
    }
    int[] last = before[columns - 1];
    return new EditCounts(reference.size(), last[0], last[1], last[2]);
  }

  private static int total(int[] edits) {
    return edits[0] + edits[1] + edits[2];
  }

  private static void set(int[] target, int[] from, int replaced, int deleted, int inserted) {
    target[0] = from[0] + replaced;
    target[1] = from[1] + deleted;
    target[2] = from[2] + inserted;
  }

  /**
   * The words of two texts.
   *
   * @param reference the right text
   * @param hypothesis what was written
   * @return the edits of words, which white space divides
   */
  public static EditCounts ofWords(String reference, String hypothesis) {
    return of(words(reference), words(hypothesis));
  }

  private static List<String> words(String text) {
    String stripped = text.strip();
    return stripped.isEmpty() ? List.of() : List.of(stripped.split("\\s+"));
  }

  /**
   * The characters of two texts.
   *
   * @param reference the right text
   * @param hypothesis what was written
   * @return the edits of code points, spaces between words included
   */
  public static EditCounts ofCharacters(String reference, String hypothesis) {
    return of(
        reference.strip().codePoints().boxed().toList(),
        hypothesis.strip().codePoints().boxed().toList());
  }

  /**
   * These edits and others.
   *
   * @param other those of another text
   * @return the edits of both
   */
  public EditCounts plus(EditCounts other) {
    return new EditCounts(
        length + other.length,
        substitutions + other.substitutions,
        deletions + other.deletions,
        insertions + other.insertions);
  }

  /**
   * All edits.
   *
   * @return the Levenshtein distance
   */
  public long edits() {
    return substitutions + deletions + insertions;
  }

  /**
   * Edits for each element of the right text: the word error rate or the character error rate.
   *
   * @return at least 0, and above 1 if much is too much; NaN if the right text is empty
   */
  public double rate() {
    return length == 0 ? Double.NaN : (double) edits() / length;
  }
}
