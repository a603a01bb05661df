// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import io.github.quant4j.annotation.Stable;

/**
 * What a model wrote.
 *
 * @param prompt the text that it was given
 * @param text what it added, without the prompt and without special tokens
 * @param tokens the same in tokens, with the time it took
 */
@Stable
public record GeneratedText(String prompt, String text, GeneratedTokens tokens) {

  /**
   * The speed of reading.
   *
   * @return tokens of the prompt in a second; 0 if it took no measurable time
   */
  public double promptTokensPerSecond() {
    return tokens.promptTokensPerSecond();
  }

  /**
   * The speed of writing.
   *
   * @return new tokens in a second; 0 if it took no measurable time
   */
  public double tokensPerSecond() {
    return tokens.tokensPerSecond();
  }

  /** The text that the model added. */
  @Override
  public String toString() {
    return text;
  }
}
