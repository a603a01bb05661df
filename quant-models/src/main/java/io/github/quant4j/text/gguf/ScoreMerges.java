// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * The merges that amount to the scores of a vocabulary of SentencePiece. llama.cpp joins those two
 * neighbours whose joint text is the token of the highest score, the leftmost of equals. So each
 * way to cut a token into two tokens is a merge, and merges are ranked by the scores of what they
 * yield.
 *
 * <p>Two things have no equal among merges: tokens of the same score (of which here the one of the
 * lower id goes first, wherever it stands), and tokens with a character that is no token itself.
 */
final class ScoreMerges {
  private ScoreMerges() {}

  /**
   * The merges in order of their ranks. Costs O(n) look-ups for n characters of all tokens.
   *
   * @param vocabulary the tokens
   * @param scores a score for each
   * @return pairs of tokens
   */
  static List<Merge> of(GgufVocabulary vocabulary, float[] scores) {
    Set<Integer> lengths = new HashSet<>();
    for (String token : vocabulary.tokens()) {
      lengths.add(token.length());
    }
    int[] order =
        IntStream.range(0, vocabulary.size())
            .filter(id -> isSeveralCharacters(vocabulary.token(id)))
            .boxed()
            .sorted(
                (a, b) -> {
                  int byScore = Float.compare(scores[b], scores[a]);
                  return byScore != 0 ? byScore : Integer.compare(a, b);
                })
            .mapToInt(Integer::intValue)
            .toArray();
    List<Merge> merges = new ArrayList<>(order.length * 2);
    for (int id : order) {
      String token = vocabulary.token(id);
      // The longer left part first: of runs of one character that is what the leftmost place gives.
      for (int cut = token.length() - 1; cut > 0; cut--) {
        if (lengths.contains(cut)
            && lengths.contains(token.length() - cut)
            && !Character.isLowSurrogate(token.charAt(cut))
            && isPart(vocabulary, token.substring(0, cut))
            && isPart(vocabulary, token.substring(cut))) {
          merges.add(new Merge(token.substring(0, cut), token.substring(cut)));
        }
      }
    }
    return merges;
  }

  private static boolean isSeveralCharacters(String token) {
    return token.codePointCount(0, token.length()) > 1;
  }

  /** Bytes stand for characters that are no tokens, and are never joined. */
  private static boolean isPart(GgufVocabulary vocabulary, String text) {
    int id = vocabulary.find(text);
    return id >= 0 && vocabulary.type(id) != TokenType.BYTE;
  }
}
