// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Keeps several texts in mind, as the Transformers library does: of the continuations of all beams
 * the best twice as many as there are beams are looked at; those among the first half that end are
 * finished, and the best that do not end go on. A finished text's score is its log probability
 * divided by a power of its length, the end included. The search ends when there are as many
 * finished texts as beams and the best beam would not be better than the worst of them if it ended
 * now.
 */
final class BeamSearch {
  private final TokenRules rules;
  private final int end;
  private final int vocabulary;
  private final int beams;
  private final double lengthPenalty;

  BeamSearch(TokenRules rules, int end, int vocabulary, int beams, double lengthPenalty) {
    this.rules = rules;
    this.end = end;
    this.vocabulary = vocabulary;
    this.beams = beams;
    this.lengthPenalty = lengthPenalty;
  }

  /**
   * A text that is being written, or is finished.
   *
   * @param sum of the log probabilities that the search goes by
   * @param normalized sum of the log probabilities among the tokens that were allowed
   */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  private record Beam(int[] tokens, int parent, double sum, double normalized) {}

  /** A finished text. */
  private record Finished(Beam beam, double score) {}

  /**
   * Writes a text.
   *
   * @param session has as many texts as there are beams; all are the prompt
   * @param logits the prediction behind the prompt
   * @param most how many tokens a text may have
   */
  Hypothesis run(TokenDecoder.Session session, float[] logits, int most) {
    List<Beam> running = List.of(new Beam(new int[0], 0, 0, 0));
    List<Finished> finished = new ArrayList<>();
    float[] scores = logits;
    for (int length = 1; length <= most; length++) {
      List<Beam> best = continuations(running, scores);
      running = new ArrayList<>();
      for (int i = 0; i < best.size(); i++) {
        Beam beam = best.get(i);
        boolean isEnd = beam.tokens[length - 1] == end || length == most;
        if (isEnd && i < beams) {
          finished.add(new Finished(beam, beam.sum / Math.pow(length, lengthPenalty)));
        } else if (!isEnd && running.size() < beams) {
          running.add(beam);
        }
      }
      // Sorting is stable: of equal texts the earlier one stays.
      finished.sort(Comparator.comparingDouble(Finished::score).reversed());
      if (finished.size() > beams) {
        finished.subList(beams, finished.size()).clear();
      }
      if (running.isEmpty()
          || finished.size() == beams
              && running.getFirst().sum / Math.pow(length, lengthPenalty)
                  <= finished.getLast().score) {
        break;
      }
      scores = advance(session, running);
    }
    return finished.isEmpty() ? new Hypothesis(List.of(), 0) : hypothesis(finished.getFirst().beam);
  }

  /** The best continuations of all beams, best first. */
  private List<Beam> continuations(List<Beam> running, float[] scores) {
    Best best = new Best(2 * beams);
    float[][] allowed = new float[running.size()][];
    double[] sums = new double[running.size()];
    for (int b = 0; b < running.size(); b++) {
      allowed[b] = Arrays.copyOfRange(scores, b * vocabulary, (b + 1) * vocabulary);
      double all = LogSoftmax.logSum(allowed[b], 0, vocabulary);
      rules.apply(running.get(b).tokens, running.get(b).tokens.length, allowed[b], 0);
      sums[b] = LogSoftmax.logSum(allowed[b], 0, vocabulary);
      for (int token = 0; token < vocabulary; token++) {
        if (allowed[b][token] > Float.NEGATIVE_INFINITY) {
          best.offer(running.get(b).sum + allowed[b][token] - all, b * vocabulary + token);
        }
      }
    }
    List<Beam> beamsFound = new ArrayList<>();
    for (int i = 0; i < best.size; i++) {
      int b = best.items[i] / vocabulary;
      int token = best.items[i] % vocabulary;
      Beam parent = running.get(b);
      int[] tokens = Arrays.copyOf(parent.tokens, parent.tokens.length + 1);
      tokens[tokens.length - 1] = token;
      double normalized = parent.normalized + allowed[b][token] - sums[b];
      beamsFound.add(new Beam(tokens, b, best.scores[i], normalized));
    }
    return beamsFound;
  }

  /**
   * Appends the last token of each beam behind its parent. Fewer beams than texts leave some idle.
   */
  private float[] advance(TokenDecoder.Session session, List<Beam> running) {
    int[] parents = new int[beams];
    int[][] tokens = new int[beams][];
    for (int b = 0; b < beams; b++) {
      @Nullable Beam beam = b < running.size() ? running.get(b) : null;
      parents[b] = beam == null ? 0 : beam.parent;
      tokens[b] = beam == null ? new int[0] : new int[] {beam.tokens[beam.tokens.length - 1]};
    }
    session.reorder(parents);
    return session.append(tokens);
  }

  private Hypothesis hypothesis(Beam beam) {
    int count = beam.tokens.length;
    boolean ended = beam.tokens[count - 1] == end;
    return new Hypothesis(
        IntStream.range(0, ended ? count - 1 : count).mapToObj(i -> beam.tokens[i]).toList(),
        beam.normalized / count);
  }

  /** The items of the largest scores, in descending order; of equal ones the earlier first. */
  private static final class Best {
    private final double[] scores;
    private final int[] items;
    private int size;

    Best(int most) {
      this.scores = new double[most];
      this.items = new int[most];
    }

    void offer(double score, int item) {
      if (size == scores.length && score <= scores[size - 1]) {
        return;
      }
      int at = size < scores.length ? size++ : size - 1;
      while (at > 0 && scores[at - 1] < score) {
        scores[at] = scores[at - 1];
        items[at] = items[at - 1];
        at--;
      }
      scores[at] = score;
      items[at] = item;
    }
  }
}
