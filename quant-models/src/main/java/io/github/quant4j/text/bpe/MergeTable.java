// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.bpe;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.vocabulary.Vocabulary;
import java.util.Arrays;
import java.util.List;

/** The merges of a model by rank: rank 0 is done first. Immutable. */
final class MergeTable {
  private final LongIntMap ranks;
  private final int[] left;
  private final int[] right;
  private final int[] merged;

  private MergeTable(LongIntMap ranks, int[] left, int[] right, int[] merged) {
    this.ranks = ranks;
    this.left = left;
    this.right = right;
    this.merged = merged;
  }

  /**
   * Reads the member {@code merges}, in either spelling: {@code "a b"} or {@code ["a", "b"]}. Of
   * two merges of the same pair the later counts.
   */
  static MergeTable read(Section model, Vocabulary vocabulary, String continuingPrefix) {
    List<JsonValue> elements = model.array("merges");
    int count = elements.size();
    LongIntMap ranks = new LongIntMap(count);
    int[] left = new int[count];
    int[] right = new int[count];
    int[] merged = new int[count];
    boolean pairs = !elements.isEmpty() && elements.getFirst() instanceof JsonValue.Arr;
    int rank = 0;
    for (int i = 0; i < count; i++) {
      String path = model.pathOf("merges") + "[" + i + "]";
      if (!pairs && Section.textOf(elements.get(i), path).startsWith("#version")) {
        continue;
      }
      String[] pair = pairs ? pair(elements.get(i), path) : words(elements.get(i), path);
      String second = pair[1];
      if (!second.startsWith(continuingPrefix) || second.length() == continuingPrefix.length()) {
        throw error(
            path,
            "expected the right token to be '"
                + continuingPrefix
                + "' and more, found '"
                + second
                + "'");
      }
      left[rank] = require(vocabulary, pair[0], path);
      right[rank] = require(vocabulary, second, path);
      merged[rank] =
          require(vocabulary, pair[0] + second.substring(continuingPrefix.length()), path);
      ranks.put(LongIntMap.key(left[rank], right[rank]), rank);
      rank++;
    }
    return new MergeTable(
        ranks, Arrays.copyOf(left, rank), Arrays.copyOf(right, rank), Arrays.copyOf(merged, rank));
  }

  private static String[] pair(JsonValue element, String path) {
    if (!(element instanceof JsonValue.Arr pair) || pair.elements().size() != 2) {
      throw error(path, "expected an array of two strings, as the first merge is one");
    }
    return new String[] {
      Section.textOf(pair.elements().get(0), path), Section.textOf(pair.elements().get(1), path)
    };
  }

  private static String[] words(JsonValue element, String path) {
    String text = Section.textOf(element, path);
    int space = text.indexOf(' ');
    if (space < 0 || text.indexOf(' ', space + 1) >= 0) {
      throw error(path, "expected two tokens with one space between, found '" + text + "'");
    }
    return new String[] {text.substring(0, space), text.substring(space + 1)};
  }

  private static IllegalArgumentException error(String path, String problem) {
    return new IllegalArgumentException(path + ": " + problem);
  }

  private static int require(Vocabulary vocabulary, String token, String path) {
    int id = vocabulary.find(token);
    if (id < 0) {
      throw error(path, "'" + token + "' is not of the vocabulary");
    }
    return id;
  }

  /** The rank at which two symbols merge, or {@link LongIntMap#MISSING}. */
  int rank(int leftSymbol, int rightSymbol) {
    return ranks.get(LongIntMap.key(leftSymbol, rightSymbol));
  }

  /** What a merge yields. */
  int merged(int rank) {
    return merged[rank];
  }

  /** The left symbol of a merge. */
  int left(int rank) {
    return left[rank];
  }

  /** The right symbol of a merge. */
  int right(int rank) {
    return right[rank];
  }

  /** How many ranks there are. */
  int size() {
    return merged.length;
  }
}
