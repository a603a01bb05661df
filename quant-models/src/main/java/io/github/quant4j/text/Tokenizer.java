// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.annotation.Stable;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Turns text into the ids that a language model reads and ids back into text. Implementations are
 * immutable and thread-safe; {@link TokenizerFile} makes them.
 */
@Stable
public interface Tokenizer {

  /**
   * Encodes a text. Special tokens that stand in the text, such as {@code <|endoftext|>}, become
   * their ids whether or not special tokens are added.
   *
   * <p>Costs O(n log n) for n characters at most and about O(n) for natural text.
   *
   * @param text any; a lone surrogate counts as U+FFFD
   * @param addSpecialTokens whether to put those tokens around the text that the model expects
   *     there, for instance one that begins a text
   * @return the ids; empty if the text is empty and nothing is added
   * @throws IllegalArgumentException if a character has no token and the model names no token for
   *     such characters that it knows, or if a run in the text is so long that a regular expression
   *     of the tokenizer needs more stack than the thread has
   */
  int[] encode(String text, boolean addSpecialTokens);

  /**
   * Decodes ids. Ids that no token has are left out; bytes that are not UTF-8 become U+FFFD.
   *
   * @param ids the ids
   * @param skipSpecialTokens whether special tokens are left out
   * @return the text
   */
  String decode(int[] ids, boolean skipSpecialTokens);

  /**
   * Starts to decode ids one by one, for text that is shown while it is generated.
   *
   * @param skipSpecialTokens whether special tokens are left out
   * @return a decoder for one text
   */
  StreamingDecoder streamingDecoder(boolean skipSpecialTokens);

  /**
   * How many tokens there are, added ones included. Ids need not be consecutive, and models often
   * have more logits than this, to round their number up.
   *
   * @return the count
   */
  int vocabularySize();

  /**
   * The id of a token.
   *
   * @param token the token as the vocabulary spells it, such as {@code Ġthe} or {@code <s>}
   * @return its id, or empty if there is no such token
   */
  OptionalInt idOf(String token);

  /**
   * The token of an id.
   *
   * @param id any
   * @return the token as the vocabulary spells it, or empty if no token has this id
   */
  Optional<String> tokenOf(int id);

  /**
   * Whether decoding may leave a token out.
   *
   * @param id any
   * @return true if a special token has this id
   */
  boolean isSpecial(int id);
}
