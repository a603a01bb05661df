// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.generate.AutoregressiveModel;
import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenSampler;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * Calibration text that a model writes for itself, for when there is no text like the one it was
 * trained on (compare arXiv:2410.17170).
 *
 * <p>Each window begins with the model's begin token, or with a random token if it has none, and
 * goes on with draws from the model's own predictions. Tokens that begin or end a text are not
 * drawn, so that every window is full. The text depends on the model, the seed and the numbers here
 * alone: neither on the number of threads nor on how many windows are written side by side, as far
 * as the model's kernels do not.
 *
 * @param windows how many windows to write, at least 1
 * @param context tokens of each window, at least 2
 * @param sampling how tokens are drawn; its limit is not used
 * @param sideBySide how many windows are written at a time, at least 1
 */
public record SelfGeneratedCalibration(
    int windows, int context, Sampling sampling, int sideBySide) {
  private static final int DEFAULT_SIDE_BY_SIDE = 16;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is too small
   */
  public SelfGeneratedCalibration {
    requireAtLeast("windows", windows, 1);
    requireAtLeast("context", context, 2);
    requireAtLeast("side by side", sideBySide, 1);
  }

  private static void requireAtLeast(String name, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(name + ": " + value + ", expected at least " + least);
    }
  }

  /**
   * Windows drawn from the model's own distribution.
   *
   * @param windows how many windows to write, at least 1
   * @param context tokens of each window, at least 2
   * @param seed what the draws depend on
   * @return temperature 1, no token excluded
   * @throws IllegalArgumentException if a number is too small
   */
  public static SelfGeneratedCalibration of(int windows, int context, long seed) {
    return new SelfGeneratedCalibration(
        windows, context, Sampling.random(context, seed), DEFAULT_SIDE_BY_SIDE);
  }

  /**
   * The same with other draws.
   *
   * @param changed how tokens are drawn; its limit is not used
   * @return the changed calibration
   */
  public SelfGeneratedCalibration withSampling(Sampling changed) {
    return new SelfGeneratedCalibration(windows, context, changed, sideBySide);
  }

  /**
   * Lets a model write.
   *
   * @param model the model
   * @param progress is told of tokens, of {@code windows context} in all
   * @param cancellation asked before each token
   * @return the windows, {@code [windows, context]}
   * @throws CancellationException if it was cancelled
   * @throws IllegalArgumentException if the windows are longer than the model has positions, or it
   *     has no other tokens than those that begin or end a text
   * @throws ArithmeticException if a prediction of the model is not finite
   */
  public int[][] write(
      AutoregressiveModel model, ProgressListener progress, Cancellation cancellation) {
    if (context > model.maximumPositions()) {
      throw new IllegalArgumentException(
          "context: "
              + context
              + " tokens, expected at most "
              + model.maximumPositions()
              + ", as many as the model has positions");
    }
    int[] excluded = excluded(model);
    // One generator for each window, whatever is written beside it.
    SplittableRandom seeds = new SplittableRandom(sampling.seed());
    List<SplittableRandom> randoms = new ArrayList<>();
    for (int i = 0; i < windows; i++) {
      randoms.add(seeds.split());
    }
    int[][] written = new int[windows][context];
    for (int from = 0; from < windows; from += sideBySide) {
      int to = Math.min(windows, from + sideBySide);
      Batch batch =
          new Batch(
              model, excluded, randoms.subList(from, to), Arrays.copyOfRange(written, from, to));
      batch.write(from, progress, cancellation);
    }
    return written;
  }

  /** Tokens that are not drawn, ascending. */
  static int[] excluded(AutoregressiveModel model) {
    int[] excluded =
        IntStream.concat(
                model.beginToken().stream(), model.endTokens().stream().mapToInt(Integer::intValue))
            .distinct()
            .sorted()
            .toArray();
    if (excluded.length >= model.vocabularySize()) {
      throw new IllegalArgumentException(
          "model: all "
              + model.vocabularySize()
              + " tokens begin or end a text, expected others to write with");
    }
    return excluded;
  }

  /** What a window begins with. */
  static int first(AutoregressiveModel model, int[] excluded, SplittableRandom random) {
    OptionalInt begin = model.beginToken();
    if (begin.isPresent()) {
      return begin.getAsInt();
    }
    int token = random.nextInt(model.vocabularySize() - excluded.length);
    for (int skipped : excluded) {
      if (token >= skipped) {
        token++;
      }
    }
    return token;
  }

  /** Windows that are written side by side. */
  private final class Batch {
    private final AutoregressiveModel model;
    private final int[] excluded;
    private final List<SplittableRandom> randoms;
    private final int[][] texts;

    Batch(
        AutoregressiveModel model, int[] excluded, List<SplittableRandom> randoms, int[][] texts) {
      this.model = model;
      this.excluded = excluded;
      this.randoms = randoms;
      this.texts = texts;
    }

    void write(int windowsBefore, ProgressListener progress, Cancellation cancellation) {
      int vocabulary = model.vocabularySize();
      DecodingSession session = model.decode(texts.length, context);
      List<TokenSampler> samplers =
          randoms.stream().map(random -> new TokenSampler(sampling, random)).toList();
      int[][] next = new int[texts.length][1];
      for (int w = 0; w < texts.length; w++) {
        texts[w][0] = first(model, excluded, randoms.get(w));
      }
      for (int position = 1; position < context; position++) {
        cancellation.check();
        for (int w = 0; w < texts.length; w++) {
          next[w][0] = texts[w][position - 1];
        }
        float[] logits = session.append(next);
        for (int w = 0; w < texts.length; w++) {
          for (int token : excluded) {
            logits[w * vocabulary + token] = Float.NEGATIVE_INFINITY;
          }
          texts[w][position] = samplers.get(w).next(logits, w * vocabulary, vocabulary);
        }
        progress.progressed(
            "write calibration text",
            (long) windowsBefore * context + (long) texts.length * (position + 1),
            (long) windows * context);
      }
    }
  }
}
