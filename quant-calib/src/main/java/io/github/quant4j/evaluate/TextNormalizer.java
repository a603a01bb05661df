// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.util.Map;

/**
 * Makes texts comparable that say the same, before errors are counted. Implementations are
 * immutable and thread-safe.
 */
@FunctionalInterface
public interface TextNormalizer {

  /**
   * Normalizes a text.
   *
   * @param text any
   * @return the text whose words are compared
   */
  String normalize(String text);

  /**
   * Leaves texts as they are.
   *
   * @return the identity
   */
  static TextNormalizer none() {
    return text -> text;
  }

  /**
   * Whisper's normalization for all languages (Radford et al., arXiv:2212.04356, appendix C): lower
   * case; without what stands in brackets or parentheses; NFKC; spaces for marks, symbols and
   * punctuation.
   *
   * @return the normalization
   */
  static TextNormalizer basic() {
    return new BasicNormalizer();
  }

  /**
   * Whisper's normalization for English (Radford et al., arXiv:2212.04356, appendix C): besides
   * what {@link #basic} does, it drops sounds of hesitation and diacritics, expands contractions
   * and titles, and writes numbers in digits and words in American spelling.
   *
   * @param spellings British spellings with the American ones, as {@code normalizer.json} of a
   *     Whisper model has them; perhaps none
   * @return the normalization
   */
  static TextNormalizer english(Map<String, String> spellings) {
    return new EnglishNormalizer(spellings);
  }
}
