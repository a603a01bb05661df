// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.generate.BatchPrediction;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A text whose end is scored given what comes before, tokenized as lm-evaluation-harness does it:
 * spaces at the end of the context go to the continuation, both are tokenized together, and the
 * tokens behind as many as the context has by itself are those of the continuation.
 *
 * @param tokens all tokens, of which the last predicts nothing
 * @param scored how many tokens at the end are scored, at least 1
 */
@SuppressWarnings("ArrayRecordComponent") // Never compared.
record Continuation(int[] tokens, int scored) {

  /**
   * Tokenizes a text.
   *
   * @throws IllegalArgumentException if the context is empty and the model has no token to begin
   *     with, or the continuation has no token of its own, or more than the model has positions
   */
  static Continuation of(LanguageModel model, String context, String continuation) {
    Tokenizer tokenizer = model.tokenizer();
    String before = context.stripTrailing();
    String after = context.substring(before.length()) + continuation;
    int[] whole = tokenizer.encode(before + after, false);
    int given = tokenizer.encode(before, false).length;
    if (given == 0) {
      int[] own = whole;
      whole = new int[own.length + 1];
      whole[0] = firstToken(model);
      System.arraycopy(own, 0, whole, 1, own.length);
      given = 1;
    }
    int scored = whole.length - given;
    if (scored < 1) {
      throw new IllegalArgumentException(
          "choice '" + continuation + "': no token of its own behind the context");
    }
    int most = model.maximumPositions();
    if (scored > most) {
      throw new IllegalArgumentException(
          "choice: " + scored + " tokens, expected at most " + most + ", the model's positions");
    }
    // The last token is not read, so that one more than there are positions fits.
    return new Continuation(
        Arrays.copyOfRange(whole, Math.max(0, whole.length - most - 1), whole.length), scored);
  }

  private static int firstToken(LanguageModel model) {
    if (model.beginToken().isPresent()) {
      return model.beginToken().getAsInt();
    }
    if (model.endTokens().isEmpty()) {
      throw new IllegalArgumentException(
          "context: empty, but the model has neither a begin nor an end token to begin with");
    }
    return model.endTokens().getFirst();
  }

  /** Tokens that the model reads. */
  private int read() {
    return tokens.length - 1;
  }

  /**
   * The logarithms of the probabilities of some continuations, summed over their tokens, in nats.
   *
   * <p>Memory: the model's for all tokens, and the logits of one continuation.
   *
   * @throws ArithmeticException if one is not finite
   */
  static double[] score(LanguageModel model, List<Continuation> continuations) {
    List<int[]> sequences = new ArrayList<>();
    int longest = 0;
    for (Continuation continuation : continuations) {
      sequences.add(Arrays.copyOf(continuation.tokens, continuation.read()));
      longest = Math.max(longest, continuation.scored);
    }
    int vocabulary = model.vocabularySize();
    float[] logits = new float[Math.multiplyExact(longest, vocabulary)];
    double[] scores = new double[continuations.size()];
    try (BatchPrediction prediction = model.predict(sequences)) {
      int end = 0;
      for (int c = 0; c < scores.length; c++) {
        Continuation continuation = continuations.get(c);
        end += continuation.read();
        int rows = continuation.scored;
        prediction.logits(end - rows, rows, logits);
        for (int r = 0; r < rows; r++) {
          int token = continuation.tokens[continuation.tokens.length - rows + r];
          int at = r * vocabulary;
          scores[c] += logits[at + token] - LogProbabilities.normalizer(logits, at, vocabulary);
        }
        if (!Double.isFinite(scores[c])) {
          throw new ArithmeticException("the log-likelihood of a choice is " + scores[c]);
        }
      }
    }
    return scores;
  }
}
