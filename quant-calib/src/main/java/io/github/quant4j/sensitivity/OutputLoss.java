// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.sensitivity;

import io.github.quant4j.graph.Block;
import io.github.quant4j.graph.HiddenStates;
import io.github.quant4j.graph.SequenceLayout;
import io.github.quant4j.graph.SiteObserver;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The loss of a changed model against the original on the same inputs, from what the last block
 * leaves. Outputs of the original are kept if there is room, else computed anew.
 */
final class OutputLoss {
  private static final int VALUES_AT_ONCE = 1 << 22;
  private static final int ROWS_IN_PART = 16;

  private final LossMeasure measure;
  private final Block head;
  private final WorkerTeam team;
  private final int width;
  private final List<HiddenStates> original;
  private final List<@Nullable FloatMatrix> kept = new ArrayList<>();

  /**
   * Takes the original's states.
   *
   * @param original what its last block leaves, batch after batch
   */
  OutputLoss(LossMeasure measure, Block head, WorkerTeam team, List<HiddenStates> original) {
    this.measure = measure;
    this.head = head;
    this.team = team;
    this.width = head.layout().outFeatures();
    this.original = original;
    long room = Runtime.getRuntime().maxMemory() / 8;
    for (HiddenStates states : original) {
      for (int row = 0; row < states.layout().tokens(); row += rowsAtOnce()) {
        long bytes = (long) rows(states, row) * width * Float.BYTES;
        kept.add(bytes <= room ? output(head, states, row) : null);
        room -= bytes;
      }
    }
  }

  private int rowsAtOnce() {
    return Math.max(1, VALUES_AT_ONCE / width);
  }

  private int rows(HiddenStates states, int from) {
    return Math.min(rowsAtOnce(), states.layout().tokens() - from);
  }

  private FloatMatrix output(Block last, HiddenStates states, int from) {
    FloatMatrix values = states.values();
    int rows = rows(states, from);
    FloatMatrix some =
        FloatMatrix.wrap(
            rows,
            values.columns(),
            Arrays.copyOfRange(
                values.data(), from * values.columns(), (from + rows) * values.columns()));
    return last.run(new HiddenStates(some, SequenceLayout.of(rows)), SiteObserver.none()).values();
  }

  /** The loss of a model whose last block leaves these states. */
  double of(List<HiddenStates> changed) {
    return ofChanged(head, changed);
  }

  /** The same of a model with another head. */
  double ofChanged(Block changedHead, List<HiddenStates> changed) {
    double loss = 0;
    double weight = 0;
    int chunk = 0;
    for (int b = 0; b < changed.size(); b++) {
      for (int row = 0; row < changed.get(b).layout().tokens(); row += rowsAtOnce()) {
        FloatMatrix cached = kept.get(chunk++);
        FloatMatrix expected = cached != null ? cached : output(head, original.get(b), row);
        FloatMatrix actual = output(changedHead, changed.get(b), row);
        double[] losses = new double[actual.rows()];
        double[] weights = new double[actual.rows()];
        team.run(
            Math.ceilDiv(losses.length, ROWS_IN_PART),
            part -> {
              int to = Math.min(losses.length, (part + 1) * ROWS_IN_PART);
              for (int r = part * ROWS_IN_PART; r < to; r++) {
                compare(expected.data(), actual.data(), r, losses, weights);
              }
            });
        for (int r = 0; r < losses.length; r++) {
          loss += losses[r];
          weight += weights[r];
        }
      }
    }
    if (!Double.isFinite(loss)) {
      throw new ArithmeticException("the output of the model is not finite");
    }
    return loss / Math.max(weight, Double.MIN_NORMAL);
  }

  private void compare(
      float[] expected, float[] actual, int row, double[] losses, double[] weights) {
    int at = row * width;
    switch (measure) {
      case DIVERGENCE -> {
        losses[row] = divergence(expected, actual, at);
        weights[row] = 1;
      }
      case NOISE -> {
        double noise = 0;
        double signal = 0;
        for (int i = at; i < at + width; i++) {
          double difference = (double) actual[i] - expected[i];
          noise += difference * difference;
          signal += (double) expected[i] * expected[i];
        }
        losses[row] = noise;
        weights[row] = signal;
      }
    }
  }

  private double divergence(float[] expected, float[] actual, int at) {
    double expectedNormalizer = normalizer(expected, at);
    double actualNormalizer = normalizer(actual, at);
    double sum = 0;
    for (int i = at; i < at + width; i++) {
      double log = expected[i] - expectedNormalizer;
      // A token that the original excludes adds nothing.
      if (!(log <= -80)) {
        sum += Math.exp(log) * (log - (actual[i] - actualNormalizer));
      }
    }
    return sum;
  }

  private double normalizer(float[] logits, int at) {
    float largest = Float.NEGATIVE_INFINITY;
    for (int i = at; i < at + width; i++) {
      largest = Math.max(largest, logits[i]);
    }
    double sum = 0;
    for (int i = at; i < at + width; i++) {
      sum += Math.exp(logits[i] - largest);
    }
    return largest + Math.log(sum);
  }
}
