// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.wordpiece;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.vocabulary.IntList;
import io.github.quant4j.text.vocabulary.Vocabulary;
import io.github.quant4j.text.vocabulary.WordEncoder;
import io.github.quant4j.text.vocabulary.WordModel;

/**
 * A model of type WordPiece (Schuster and Nakajima 2012; Devlin et al. 2018) as Hugging Face's
 * tokenizers do it: of a word, the longest token that it begins with, then the longest that
 * continues it, and so on. A word that cannot be put together so, or that is too long, is one
 * unknown token. Immutable and thread-safe.
 */
public final class WordPieceModel implements WordModel {
  private static final int LONGEST_WORD = 100;

  private final Vocabulary vocabulary;
  private final String unknownToken;
  private final String continuingPrefix;
  private final int longestWord;
  private final int longestToken;

  private WordPieceModel(
      Vocabulary vocabulary, String unknownToken, String continuingPrefix, int longestWord) {
    this.vocabulary = vocabulary;
    this.unknownToken = unknownToken;
    this.continuingPrefix = continuingPrefix;
    this.longestWord = longestWord;
    int[] longest = {1};
    vocabulary.forEach((token, _) -> longest[0] = Math.max(longest[0], token.length()));
    this.longestToken = longest[0];
  }

  /**
   * Reads a model.
   *
   * @param section the section {@code model}
   * @return the model
   * @throws IllegalArgumentException if it is malformed
   */
  public static WordPieceModel read(Section section) {
    return new WordPieceModel(
        Vocabulary.read(section),
        section.optionalString("unk_token").orElse("[UNK]"),
        section.optionalString("continuing_subword_prefix").orElse("##"),
        section.get("max_input_chars_per_word").isPresent()
            ? section.natural("max_input_chars_per_word")
            : LONGEST_WORD);
  }

  @Override
  public Vocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Makes an encoder.
   *
   * <p>To encode a word of n characters costs O(n m), m being the length of the longest token.
   */
  @Override
  public WordEncoder encoder(IntList ids) {
    return word -> encode(word, ids);
  }

  private void encode(String word, IntList ids) {
    int before = ids.size();
    if (word.codePointCount(0, word.length()) > longestWord) {
      ids.add(unknown(word));
      return;
    }
    for (int start = 0; start < word.length(); ) {
      int end = longestMatch(word, start);
      if (end == start) {
        ids.truncate(before);
        ids.add(unknown(word));
        return;
      }
      ids.add(find(word, start, end));
      start = end;
    }
  }

  /** Where the longest token ends that starts at a place, or that place if there is none. */
  private int longestMatch(String word, int start) {
    for (int end = Math.min(word.length(), start + longestToken); end > start; end--) {
      boolean splitsPair =
          end < word.length()
              && Character.isLowSurrogate(word.charAt(end))
              && Character.isHighSurrogate(word.charAt(end - 1));
      if (!splitsPair && find(word, start, end) >= 0) {
        return end;
      }
    }
    return start;
  }

  private int find(String word, int start, int end) {
    String piece = word.substring(start, end);
    return vocabulary.find(start == 0 ? piece : continuingPrefix + piece);
  }

  private int unknown(String word) {
    int id = vocabulary.find(unknownToken);
    if (id < 0) {
      throw new IllegalArgumentException(
          "text: '"
              + word.substring(0, Math.min(word.length(), 40))
              + "' has no tokens, and the unk_token '"
              + unknownToken
              + "' of the model is not of its vocabulary");
    }
    return id;
  }
}
