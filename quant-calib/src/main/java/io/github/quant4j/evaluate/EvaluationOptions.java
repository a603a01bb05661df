// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.annotation.Stable;

/**
 * How a text is cut up for evaluation.
 *
 * @param context tokens of a window, at least 2
 * @param maximumWindows how many windows are evaluated at most, at least 1
 * @param tokensAtOnce about how many tokens go through the model in a batch, at least 1; a matter
 *     of speed and memory only
 */
@Stable
public record EvaluationOptions(int context, int maximumWindows, int tokensAtOnce) {
  private static final int DEFAULT_CONTEXT = 256;
  private static final int DEFAULT_TOKENS_AT_ONCE = 2048;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is too small
   */
  public EvaluationOptions {
    require("context", context, 2);
    require("maximum windows", maximumWindows, 1);
    require("tokens at once", tokensAtOnce, 1);
  }

  private static void require(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": " + value + ", expected at least " + least);
    }
  }

  /**
   * Windows of 256 tokens, all of them.
   *
   * @return the default options
   */
  public static EvaluationOptions defaults() {
    return new EvaluationOptions(DEFAULT_CONTEXT, Integer.MAX_VALUE, DEFAULT_TOKENS_AT_ONCE);
  }

  /**
   * The same with other windows.
   *
   * @param tokens tokens of a window, at least 2
   * @return the changed options
   */
  public EvaluationOptions withContext(int tokens) {
    return new EvaluationOptions(tokens, maximumWindows, tokensAtOnce);
  }

  /**
   * The same with another limit.
   *
   * @param windows how many windows are evaluated at most, at least 1
   * @return the changed options
   */
  public EvaluationOptions withMaximumWindows(int windows) {
    return new EvaluationOptions(context, windows, tokensAtOnce);
  }

  /**
   * The same with other batches.
   *
   * @param tokens about how many tokens go through the model in a batch, at least 1
   * @return the changed options
   */
  public EvaluationOptions withTokensAtOnce(int tokens) {
    return new EvaluationOptions(context, maximumWindows, tokens);
  }

  /**
   * Cuts a text into windows and drops the tail.
   *
   * @param tokens the whole text
   * @return the windows, each of {@code context} tokens
   * @throws IllegalArgumentException if the text is shorter than one window
   */
  public int[][] windows(int[] tokens) {
    int count = Math.min(maximumWindows, tokens.length / context);
    if (count == 0) {
      throw new IllegalArgumentException(
          "text: "
              + tokens.length
              + " tokens, expected at least "
              + context
              + ", the tokens of one window");
    }
    int[][] windows = new int[count][context];
    for (int w = 0; w < count; w++) {
      System.arraycopy(tokens, w * context, windows[w], 0, context);
    }
    return windows;
  }
}
