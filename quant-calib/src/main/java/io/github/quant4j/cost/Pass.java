// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.cost;

/**
 * Tokens that go through a model together.
 *
 * @param tokens how many
 * @param past how many were seen before and are attended to from a cache
 * @param predictions after how many of them the head runs
 */
public record Pass(int tokens, int past, int predictions) {

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if there are no tokens, one number is negative, or there are
   *     more predictions than tokens
   */
  public Pass {
    if (tokens < 1 || past < 0 || predictions < 0 || predictions > tokens) {
      throw new IllegalArgumentException(
          "pass: "
              + tokens
              + " tokens after "
              + past
              + " with "
              + predictions
              + " predictions, expected at least one token, and no more predictions than tokens");
    }
  }

  /**
   * One token of a text that is written.
   *
   * @param past tokens before it
   * @return the pass
   * @throws IllegalArgumentException if the number is negative
   */
  public static Pass decode(int past) {
    return new Pass(1, past, 1);
  }

  /**
   * A prompt that is read; the head runs after its last token only.
   *
   * @param tokens of the prompt
   * @return the pass
   * @throws IllegalArgumentException if there are none
   */
  public static Pass prefill(int tokens) {
    return new Pass(tokens, 0, 1);
  }

  /** For example {@code 1 token after 255}. */
  @Override
  public String toString() {
    return tokens + (tokens == 1 ? " token" : " tokens") + (past > 0 ? " after " + past : "");
  }
}
