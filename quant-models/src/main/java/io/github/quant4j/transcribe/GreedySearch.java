// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenSampler;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Writes one text, token by token: the likeliest each time, or one that is drawn. */
final class GreedySearch {
  private final TokenRules rules;
  private final int end;
  private final int vocabulary;
  private final TokenSampler sampler;

  /**
   * A search.
   *
   * @param temperature 0 for the likeliest token
   */
  GreedySearch(
      TokenRules rules, int end, int vocabulary, double temperature, SplittableRandom random) {
    this.rules = rules;
    this.end = end;
    this.vocabulary = vocabulary;
    this.sampler = new TokenSampler(new Sampling(Integer.MAX_VALUE, temperature, 0, 1, 0), random);
  }

  /**
   * Writes a text.
   *
   * @param session has one text, the prompt
   * @param logits the prediction behind the prompt
   * @param most how many tokens it may have
   */
  Hypothesis run(TokenDecoder.Session session, float[] logits, int most) {
    int[] written = new int[most];
    int count = 0;
    double sum = 0;
    float[] scores = logits;
    boolean ended = false;
    while (count < most && !ended) {
      float[] allowed = Arrays.copyOf(scores, vocabulary);
      rules.apply(written, count, allowed, 0);
      int token = sampler.next(allowed, 0, vocabulary);
      sum += allowed[token] - LogSoftmax.logSum(allowed, 0, vocabulary);
      written[count++] = token;
      ended = token == end;
      if (!ended && count < most) {
        scores = session.append(new int[][] {{token}});
      }
    }
    int length = ended ? count - 1 : count;
    return new Hypothesis(
        IntStream.range(0, length).mapToObj(i -> written[i]).toList(), sum / Math.max(1, count));
  }
}
