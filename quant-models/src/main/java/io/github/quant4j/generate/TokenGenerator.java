// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.generate;

import java.util.Arrays;

/** Continues texts token by token. */
public final class TokenGenerator {
  private static final double NANOS = 1e9;

  private TokenGenerator() {}

  /**
   * Continues a text until the model ends it, the limit is reached, the text is as long as the
   * model has positions, or the listener has enough.
   *
   * @param model the model
   * @param prompt the text so far, at least one token
   * @param sampling how tokens are drawn
   * @param listener hears of each token
   * @return the new tokens
   * @throws IllegalArgumentException if the prompt is empty or longer than the model has positions,
   *     or a token is not in the vocabulary
   * @throws ArithmeticException if the model's prediction is not finite
   */
  public static GeneratedTokens generate(
      AutoregressiveModel model, int[] prompt, Sampling sampling, TokenListener listener) {
    if (prompt.length == 0) {
      throw new IllegalArgumentException("prompt: no tokens, expected at least one");
    }
    int room = model.maximumPositions() - prompt.length;
    if (room < 0) {
      throw new IllegalArgumentException(
          "prompt: "
              + prompt.length
              + " tokens, expected at most "
              + model.maximumPositions()
              + ", as many as the model has positions");
    }
    int most = Math.min(sampling.maximumTokens(), room);
    int[] tokens = new int[most];
    int count = 0;
    GeneratedTokens.Stop stop =
        most < sampling.maximumTokens()
            ? GeneratedTokens.Stop.POSITIONS
            : GeneratedTokens.Stop.LENGTH;
    DecodingSession session = model.decode(1, Math.addExact(prompt.length, most));
    TokenSampler sampler = new TokenSampler(sampling);
    long start = System.nanoTime();
    float[] logits = session.append(new int[][] {prompt});
    long read = System.nanoTime();
    int[][] next = {new int[1]};
    while (count < most) {
      int token = sampler.next(logits, 0, model.vocabularySize());
      if (model.endTokens().contains(token)) {
        stop = GeneratedTokens.Stop.END_TOKEN;
        break;
      }
      tokens[count++] = token;
      if (!listener.written(token)) {
        stop = GeneratedTokens.Stop.LISTENER;
        break;
      }
      if (count < most) {
        next[0][0] = token;
        logits = session.append(next);
      }
    }
    long end = System.nanoTime();
    return new GeneratedTokens(
        Arrays.copyOf(tokens, count),
        stop,
        prompt.length,
        (read - start) / NANOS,
        (end - read) / NANOS);
  }
}
