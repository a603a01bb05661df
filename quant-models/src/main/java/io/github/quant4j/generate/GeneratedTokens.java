// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

/**
 * What a model wrote, in tokens.
 *
 * @param tokens the new tokens, without the prompt and without a token that ended the text
 * @param stop why the text is over
 * @param promptTokens the number of tokens of the prompt
 * @param promptSeconds what reading the prompt took
 * @param seconds what writing the tokens took
 */
public record GeneratedTokens(
    int[] tokens, Stop stop, int promptTokens, double promptSeconds, double seconds) {

  /** Why a text is over. */
  public enum Stop {
    /** The model ended it. */
    END_TOKEN,
    /** The limit is reached. */
    LENGTH,
    /** The text is as long as the model has positions. */
    POSITIONS,
    /** The listener did not want more. */
    LISTENER
  }

  /**
   * The speed of reading.
   *
   * @return tokens of the prompt in a second; 0 if it took no measurable time
   */
  public double promptTokensPerSecond() {
    return promptSeconds > 0 ? promptTokens / promptSeconds : 0;
  }

  /**
   * The speed of writing.
   *
   * @return new tokens in a second; 0 if it took no measurable time
   */
  public double tokensPerSecond() {
    return seconds > 0 ? tokens.length / seconds : 0;
  }
}
