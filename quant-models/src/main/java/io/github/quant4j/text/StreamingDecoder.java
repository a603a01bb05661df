// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

/**
 * Decodes a text while its ids arrive. Every id gives the characters that are complete by then: the
 * bytes of one character may be spread over several tokens, and a decoder may have to see more
 * before it can tell.
 *
 * <p>All chunks and what {@link #finish} gives, joined, are what {@link Tokenizer#decode} makes of
 * all ids at once. There is one exception: where byte tokens ({@code <0xE2>}) of a model with byte
 * fallback form no UTF-8, decoding at once turns the whole run of such tokens into U+FFFD, while a
 * stream has sent on the characters before the error by then.
 *
 * <p>Not thread-safe.
 */
public interface StreamingDecoder {

  /**
   * Takes the next id.
   *
   * @param id any; ids that no token has are left out
   * @return the characters that became complete, well-formed UTF-16; often empty
   * @throws IllegalStateException if the text is finished
   */
  String add(int id);

  /**
   * Ends the text.
   *
   * @return what was held back; U+FFFD stands for a character whose bytes did not all arrive
   * @throws IllegalStateException if the text is finished already
   */
  String finish();
}
