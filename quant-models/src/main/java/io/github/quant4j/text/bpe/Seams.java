// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.text.vocabulary.Vocabulary;

/**
 * Where a sequence of symbols can be cut without changing how it merges: between two symbols that
 * no merge ever brings together. Models without a pre-tokenizer see a whole document as one word;
 * with these cuts it falls apart into what are words to a reader, and merging costs as little as it
 * does after a pre-tokenizer. Immutable.
 *
 * <p>A merge of tokens A and B joins the last symbol of A with the first of B. A token is usually
 * made from one sequence of symbols alone; where it is not, nothing is ever cut.
 */
final class Seams {
  private static final int NONE = -1;
  private static final int SEVERAL = -2;

  /** Merges in a hostile order could take as many rounds as there are merges. */
  private static final int MAXIMUM_ROUNDS = 16;

  private final LongIntMap joints;
  private final boolean uncuttable;

  Seams(Vocabulary vocabulary, SymbolReader symbols, MergeTable merges) {
    Ends first = new Ends(vocabulary.size());
    Ends last = new Ends(vocabulary.size());
    vocabulary.forEach(
        (token, id) -> {
          if (symbols.isInitial(token, id)) {
            first.merge(id, id);
            last.merge(id, id);
          }
        });
    boolean changed = true;
    // Merges stand in the order in which they were learned, so one round nearly always suffices.
    int rounds = 0;
    while (changed && rounds < MAXIMUM_ROUNDS) {
      changed = false;
      rounds++;
      for (int rank = 0; rank < merges.size(); rank++) {
        changed |= first.merge(merges.merged(rank), first.get(merges.left(rank)));
        changed |= last.merge(merges.merged(rank), last.get(merges.right(rank)));
      }
    }
    this.joints = new LongIntMap(merges.size());
    boolean several = changed;
    for (int rank = 0; rank < merges.size(); rank++) {
      int left = last.get(merges.left(rank));
      int right = first.get(merges.right(rank));
      several |= left == SEVERAL || right == SEVERAL;
      if (left >= 0 && right >= 0) {
        joints.put(LongIntMap.key(left, right), 1);
      }
    }
    this.uncuttable = several;
  }

  /** Whether a cut between two symbols changes nothing. */
  boolean between(int left, int right) {
    return !uncuttable && joints.get(LongIntMap.key(left, right)) == LongIntMap.MISSING;
  }

  /** The symbol at one end of each token. */
  private static final class Ends {
    private final LongIntMap symbols;

    private Ends(int tokens) {
      this.symbols = new LongIntMap(tokens);
    }

    private int get(int token) {
      int found = symbols.get(token);
      return found == LongIntMap.MISSING ? NONE : found == Integer.MAX_VALUE ? SEVERAL : found;
    }

    private boolean merge(int token, int symbol) {
      int before = get(token);
      if (symbol == NONE || before == SEVERAL || before == symbol) {
        return false;
      }
      symbols.put(token, before == NONE && symbol != SEVERAL ? symbol : Integer.MAX_VALUE);
      return true;
    }
  }
}
