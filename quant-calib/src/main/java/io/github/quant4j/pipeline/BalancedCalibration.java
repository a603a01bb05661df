// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.generate.DecodingSession;
import io.github.quant4j.generate.Sampling;
import io.github.quant4j.generate.TokenSampler;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;

/**
 * Calibration text that a mixture of experts writes for itself, chosen so that all experts are used
 * (expert-balanced self-sampling of MoEQuant, arXiv 2505.03804).
 *
 * <p>Windows are written in {@value #SEGMENTS} pieces. Of each piece the model draws some
 * candidates as {@link SelfGeneratedCalibration} does, and that one is kept for which
 *
 * <pre>  (negative log-likelihood) / (tokens) + weight (imbalance of experts)</pre>
 *
 * of all that has been written so far is least, where the imbalance is the standard deviation of
 * the tokens of an expert by their mean, in the mean of all layers. With weight 0 that is the
 * likeliest text, with a large one the most even one. The text depends on the model, the seed and
 * the numbers here alone. It costs about {@code 3 candidates} times the passes that text without
 * balance does.
 *
 * @param windows how many windows to write, at least 1
 * @param context tokens of each window, at least 2
 * @param seed what the draws depend on
 * @param candidates how many continuations are compared, at least 2
 * @param weight of the imbalance against nats of a token, finite and not negative
 */
public record BalancedCalibration(
    int windows, int context, long seed, int candidates, double weight) {
  /** Pieces of a window. */
  public static final int SEGMENTS = 4;

  /** Candidates unless others are asked for. */
  public static final int DEFAULT_CANDIDATES = 4;

  /** The weight unless another is asked for. */
  public static final double DEFAULT_WEIGHT = 10;

  private static final int SIDE_BY_SIDE = 16;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a number is out of range
   */
  public BalancedCalibration {
    if (windows < 1 || context < 2) {
      throw new IllegalArgumentException(
          "windows: " + windows + " of " + context + " tokens, expected at least 1 of at least 2");
    }
    if (candidates < 2) {
      throw new IllegalArgumentException("candidates: " + candidates + ", expected at least 2");
    }
    if (!(weight >= 0) || Double.isInfinite(weight)) {
      throw new IllegalArgumentException("weight: " + weight + ", expected a number from 0 on");
    }
  }

  /**
   * What was written.
   *
   * @param windows the windows, {@code [windows, context]}
   * @param drawnImbalance how unevenly experts are used by the first candidates, which is text that
   *     nobody has chosen
   * @param imbalance the same of the windows
   */
  public record Text(int[][] windows, double drawnImbalance, double imbalance) {

    /** In one line. */
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "imbalance of experts %.3f, of draws that were not chosen %.3f",
          imbalance,
          drawnImbalance);
    }
  }

  /**
   * Refuses models without experts.
   *
   * @param model the model
   * @throws IllegalArgumentException if it is no mixture, or windows are longer than it has
   *     positions
   */
  void requireSuited(LanguageModel model) {
    if (!ExpertUsage.hasExperts(model.graph())) {
      throw new IllegalArgumentException(
          "balanced calibration: "
              + model.graph().architecture()
              + " has no experts to balance; let it write text without balance");
    }
    if (context > model.maximumPositions()) {
      throw new IllegalArgumentException(
          "context: "
              + context
              + " tokens, expected at most "
              + model.maximumPositions()
              + ", as many as the model has positions");
    }
  }

  /**
   * Lets a model write.
   *
   * @param model a mixture of experts
   * @param progress is told of tokens, of {@code windows context} in all
   * @param cancellation asked before each token
   * @return the windows and how even they are
   * @throws CancellationException if it was cancelled
   * @throws IllegalArgumentException if the model has no experts, the windows are longer than it
   *     has positions, or it has no other tokens than those that begin or end a text
   * @throws ArithmeticException if a prediction of the model is not finite
   */
  public Text write(LanguageModel model, ProgressListener progress, Cancellation cancellation) {
    requireSuited(model);
    Writer writer = new Writer(model, cancellation);
    int[][] written = new int[windows][];
    int atOnce = Math.max(1, SIDE_BY_SIDE / candidates);
    for (int from = 0; from < windows; from += atOnce) {
      int to = Math.min(windows, from + atOnce);
      int[][] texts = writer.write(to - from);
      System.arraycopy(texts, 0, written, from, texts.length);
      progress.progressed("write calibration text", (long) to * context, (long) windows * context);
    }
    return new Text(
        written, writer.usage.imbalance(writer.drawn), writer.usage.imbalance(writer.chosen));
  }

  /** Writes windows and remembers what experts have been used. */
  private final class Writer {
    private final LanguageModel model;
    private final Cancellation cancellation;
    private final int[] excluded;
    private final ExpertUsage usage;
    private final SplittableRandom seeds = new SplittableRandom(seed);
    private long[] chosen;
    private long[] drawn;
    private long tokens;

    Writer(LanguageModel model, Cancellation cancellation) {
      this.model = model;
      this.cancellation = cancellation;
      this.excluded = SelfGeneratedCalibration.excluded(model);
      this.usage = new ExpertUsage(model.graph());
      this.chosen = usage.none();
      this.drawn = usage.none();
    }

    int[][] write(int count) {
      int[][] texts = new int[count][1];
      List<TokenSampler> samplers = new ArrayList<>();
      for (int w = 0; w < count; w++) {
        SplittableRandom random = seeds.split();
        texts[w][0] = SelfGeneratedCalibration.first(model, excluded, random);
        for (int c = 0; c < candidates; c++) {
          samplers.add(new TokenSampler(Sampling.random(context, seed), random.split()));
        }
      }
      int before = 0;
      for (int segment = 1; segment <= SEGMENTS; segment++) {
        int end = Math.max(2, (int) ((long) context * segment / SEGMENTS));
        if (end > texts[0].length) {
          extend(texts, before, end, samplers);
          before = end;
        }
      }
      return texts;
    }

    private void extend(int[][] texts, int before, int end, List<TokenSampler> samplers) {
      List<int[]> tried = new ArrayList<>();
      for (int[] text : texts) {
        for (int c = 0; c < candidates; c++) {
          tried.add(Arrays.copyOf(text, end));
        }
      }
      double[] surprise = draw(tried, texts[0].length, samplers);
      long[][] counts = usage.count(model, tried, before);
      for (int w = 0; w < texts.length; w++) {
        tokens += end - before;
        int best = w * candidates;
        double least = Double.POSITIVE_INFINITY;
        for (int c = w * candidates; c < (w + 1) * candidates; c++) {
          double objective =
              surprise[c] / tokens + weight * usage.imbalance(ExpertUsage.sum(chosen, counts[c]));
          if (objective < least) {
            least = objective;
            best = c;
          }
        }
        chosen = ExpertUsage.sum(chosen, counts[best]);
        drawn = ExpertUsage.sum(drawn, counts[w * candidates]);
        texts[w] = tried.get(best);
      }
    }

    /** Goes on with texts and tells how unlikely what was drawn is, in nats. */
    private double[] draw(List<int[]> texts, int length, List<TokenSampler> samplers) {
      int vocabulary = model.vocabularySize();
      int end = texts.getFirst().length;
      double[] surprise = new double[texts.size()];
      DecodingSession session = model.decode(texts.size(), end);
      int[][] next = new int[texts.size()][];
      for (int i = 0; i < next.length; i++) {
        next[i] = Arrays.copyOf(texts.get(i), length);
      }
      for (int position = length; position < end; position++) {
        cancellation.check();
        float[] logits = session.append(next);
        for (int i = 0; i < next.length; i++) {
          for (int token : excluded) {
            logits[i * vocabulary + token] = Float.NEGATIVE_INFINITY;
          }
          int token = samplers.get(i).next(logits, i * vocabulary, vocabulary);
          surprise[i] += surprise(logits, i * vocabulary, vocabulary, token);
          texts.get(i)[position] = token;
          next[i] = new int[] {token};
        }
      }
      return surprise;
    }
  }

  private static double surprise(float[] logits, int from, int count, int token) {
    double largest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < count; i++) {
      largest = Math.max(largest, logits[from + i]);
    }
    double sum = 0;
    for (int i = 0; i < count; i++) {
      sum += Math.exp(logits[from + i] - largest);
    }
    return Math.log(sum) + largest - logits[from + token];
  }
}
