// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EditCountsTest {

  @Test
  void wordsAreCountedByHand() {
    assertEquals(new EditCounts(3, 0, 0, 0), EditCounts.ofWords("a b c", " a  b c "));
    assertEquals(new EditCounts(3, 1, 0, 0), EditCounts.ofWords("a b c", "a x c"));
    assertEquals(new EditCounts(3, 0, 1, 0), EditCounts.ofWords("a b c", "a c"));
    assertEquals(new EditCounts(3, 0, 0, 1), EditCounts.ofWords("a b c", "a b x c"));
    // a is substituted, d is missing, g is too much; without the last two there would be 4 edits.
    assertEquals(new EditCounts(6, 1, 1, 1), EditCounts.ofWords("a b c d e f", "x b c e f g"));
    assertEquals(new EditCounts(2, 0, 2, 0), EditCounts.ofWords("a b", ""));
    assertEquals(new EditCounts(0, 0, 0, 2), EditCounts.ofWords("  ", "a b"));
    assertEquals(EditCounts.NONE, EditCounts.ofWords("", ""));
  }

  @Test
  void charactersAreCountedByHand() {
    // The examples of textbooks.
    assertEquals(3, EditCounts.ofCharacters("kitten", "sitting").edits());
    assertEquals(new EditCounts(6, 2, 0, 1), EditCounts.ofCharacters("kitten", "sitting"));
    assertEquals(3, EditCounts.ofCharacters("saturday", "sunday").edits());
    assertEquals(2, EditCounts.ofCharacters("flaw", "lawn").edits());
    assertEquals(5, EditCounts.ofCharacters("intention", "execution").edits());
    // A code point beyond the first plane is one character, and a space counts.
    assertEquals(new EditCounts(3, 1, 0, 0), EditCounts.ofCharacters("a \uD83D\uDE00", "a b"));
    assertEquals(new EditCounts(3, 0, 1, 0), EditCounts.ofCharacters("a b", "ab"));
  }

  @Test
  void ratesAreOfTheSum() {
    EditCounts sum = new EditCounts(3, 1, 0, 0).plus(new EditCounts(7, 0, 1, 2));
    assertEquals(new EditCounts(10, 1, 1, 2), sum);
    assertEquals(0.4, sum.rate());
    assertTrue(Double.isNaN(EditCounts.NONE.rate()));
    assertEquals(2.0, EditCounts.ofWords("a", "b c").rate());
  }

  /** Against the recursive definition. */
  @Test
  void distancesAreThoseOfTheDefinition() {
    SeededRandom random = new SeededRandom(4);
    for (int i = 0; i < 300; i++) {
      List<Integer> one = sequence(random);
      List<Integer> other = sequence(random);
      EditCounts found = EditCounts.of(one, other);
      assertEquals(distance(one, other, one.size(), other.size()), found.edits());
      assertEquals(one.size(), found.length());
      // What is not missing and what is not too much are as many.
      assertEquals(
          one.size() - found.deletions(), other.size() - found.insertions(), one + " " + other);
    }
  }

  private static List<Integer> sequence(SeededRandom random) {
    List<Integer> values = new ArrayList<>();
    int length = random.nextInt(0, 7);
    for (int i = 0; i < length; i++) {
      values.add(random.nextInt(0, 3));
    }
    return values;
  }

  private static int distance(List<Integer> one, List<Integer> other, int i, int j) {
    if (i == 0 || j == 0) {
      return i + j;
    }
    int change = one.get(i - 1).equals(other.get(j - 1)) ? 0 : 1;
    return Math.min(
        distance(one, other, i - 1, j - 1) + change,
        1 + Math.min(distance(one, other, i - 1, j), distance(one, other, i, j - 1)));
  }
}
