// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.decoder;

import org.jspecify.annotations.Nullable;

/** Chooses the experts of tokens, see {@link Routing}. */
final class Router {
  private final Routing routing;
  private final int experts;

  Router(Routing routing, int experts) {
    this.routing = routing;
    this.experts = experts;
  }

  /**
   * Where tokens go.
   *
   * @param rows for each expert its tokens, one expert after the other, ascending for each
   * @param gates as many
   * @param firsts where the tokens of each expert begin; one more than there are experts
   */
  record Routes(int[] rows, float[] gates, int[] firsts) {}

  /**
   * Routes tokens.
   *
   * @param scores {@code [tokens, experts]}; changed
   * @param correction for each expert, null for none
   */
  Routes route(float[] scores, int tokens, float @Nullable [] correction) {
    int used = routing.used();
    int[] chosen = new int[Math.multiplyExact(tokens, used)];
    float[] gates = new float[chosen.length];
    Token token = new Token(correction);
    for (int t = 0; t < tokens; t++) {
      token.choose(scores, t * experts, chosen, gates, t * used);
    }
    int[] firsts = new int[experts + 1];
    for (int expert : chosen) {
      firsts[expert + 1]++;
    }
    for (int e = 0; e < experts; e++) {
      firsts[e + 1] += firsts[e];
    }
    int[] next = firsts.clone();
    int[] rows = new int[chosen.length];
    float[] sorted = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      int at = next[chosen[i]]++;
      rows[at] = i / used;
      sorted[at] = gates[i];
    }
    return new Routes(rows, sorted, firsts);
  }

  /** Arrays for the choice of one token. */
  private final class Token {
    private final float @Nullable [] correction;
    private final double[] values = new double[experts];
    private final double[] ranks = new double[experts];

    Token(float @Nullable [] correction) {
      this.correction = correction;
    }

    void choose(float[] scores, int from, int[] chosen, float[] gates, int to) {
      switch (routing.scoring()) {
        case SPARSE_MIXER -> {
          mix(scores, from, chosen, gates, to);
          return;
        }
        case SOFTMAX -> softmax(scores, from);
        case SIGMOID -> {
          for (int e = 0; e < experts; e++) {
            values[e] = 1 / (1 + Math.exp(-scores[from + e]));
          }
        }
      }
      for (int e = 0; e < experts; e++) {
        ranks[e] = correction == null ? values[e] : values[e] + correction[e];
      }
      if (routing.groupsUsed() < routing.groups()) {
        closeGroups();
      }
      double sum = 0;
      for (int i = 0; i < routing.used(); i++) {
        int best = best(0, experts);
        chosen[to + i] = best;
        gates[to + i] = (float) values[best];
        sum += values[best];
        ranks[best] = Double.NEGATIVE_INFINITY;
      }
      // Sigmoids may all be 0; the reference has the same guard.
      double divisor = routing.normalized() ? sum + 1e-20 : 1;
      for (int i = 0; i < routing.used(); i++) {
        gates[to + i] = (float) (gates[to + i] / divisor * routing.factor());
      }
    }

    private void softmax(float[] scores, int from) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int e = 0; e < experts; e++) {
        largest = Math.max(largest, scores[from + e]);
      }
      double sum = 0;
      for (int e = 0; e < experts; e++) {
        values[e] = Math.exp(scores[from + e] - largest);
        sum += values[e];
      }
      for (int e = 0; e < experts; e++) {
        values[e] /= sum;
      }
    }

    /** The first of the best, also if no score is a number. */
    private int best(int from, int to) {
      int best = from;
      for (int e = from + 1; e < to; e++) {
        if (ranks[e] > ranks[best]) {
          best = e;
        }
      }
      return best;
    }

    /** Leaves only the experts of the best groups to choose from. */
    private void closeGroups() {
      int size = experts / routing.groups();
      double[] marks = new double[routing.groups()];
      for (int g = 0; g < marks.length; g++) {
        int best = best(g * size, (g + 1) * size);
        marks[g] = ranks[best];
        if (routing.groupScore() == Routing.GroupScore.BEST_TWO && size > 1) {
          double kept = ranks[best];
          ranks[best] = Double.NEGATIVE_INFINITY;
          marks[g] += ranks[best(g * size, (g + 1) * size)];
          ranks[best] = kept;
        }
      }
      boolean[] open = new boolean[marks.length];
      for (int i = 0; i < routing.groupsUsed(); i++) {
        int best = -1;
        for (int g = 0; g < marks.length; g++) {
          if (!open[g] && (best < 0 || marks[g] > marks[best])) {
            best = g;
          }
        }
        open[best] = true;
      }
      for (int e = 0; e < experts; e++) {
        if (!open[e / size]) {
          ranks[e] = Double.NEGATIVE_INFINITY;
        }
      }
    }

    private void mix(float[] scores, int from, int[] chosen, float[] gates, int to) {
      for (int e = 0; e < experts; e++) {
        ranks[e] = scores[from + e];
      }
      for (int i = 0; i < routing.used(); i++) {
        int best = best(0, experts);
        double largest = ranks[best];
        double sum = 0;
        for (int e = 0; e < experts; e++) {
          double score = scores[from + e];
          double margin = (largest - score) / Math.max(Math.abs(score), largest);
          if (ranks[e] != Double.NEGATIVE_INFINITY && !(margin > 2 * routing.jitter())) {
            sum += Math.exp(ranks[e] - largest);
          }
        }
        chosen[to + i] = best;
        gates[to + i] = (float) (1 / sum);
        ranks[best] = Double.NEGATIVE_INFINITY;
      }
    }
  }
}
