// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.graph.SiteInput;
import io.github.quant4j.graph.TokenSelection;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.HoldOut;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.statistic.RowReservoir;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what recipes need to know of a group's input, batch after batch: statistics, a sample of
 * the tokens they have seen, and a sample of tokens that are held out from them.
 */
final class InputObserver {
  /** Enough for the searches; their cost grows with it. */
  private static final int SAMPLE_ROWS = 512;

  static final int HELD_OUT_ROWS = 256;

  /** Rows of both samples. */
  static final int LARGEST_SAMPLE = SAMPLE_ROWS + HELD_OUT_ROWS;

  /** A rate that costs the statistics less than calibration on other text would change them. */
  static final HoldOut HOLD_OUT = new HoldOut(64);

  private final InputStatistics statistics;
  private final RowReservoir sample;
  private final RowReservoir heldOut;
  private final Compute compute;
  private long tokens;

  /**
   * Begins with no tokens.
   *
   * @param width input features
   * @param needs what must be known
   */
  InputObserver(int width, Set<StatisticNeed> needs, Compute compute) {
    InputStatistics plain =
        needs.contains(StatisticNeed.GRAM)
            ? InputStatistics.withGram(width)
            : InputStatistics.ofChannels(width);
    this.statistics = needs.contains(StatisticNeed.QUANTILES) ? plain.sketchingQuantiles() : plain;
    this.sample = RowReservoir.of(width, SAMPLE_ROWS);
    this.heldOut = RowReservoir.of(width, HELD_OUT_ROWS);
    this.compute = compute;
  }

  /**
   * Adds a batch.
   *
   * @param ofBatch weights of the batch's tokens, or null if all count alike; tokens that were
   *     chosen for an expert count by their gates beside (MoEQuant, arXiv:2505.03804)
   */
  void add(SiteInput input, float @Nullable [] ofBatch) {
    float[] weights = weights(input, ofBatch);
    if (weights != null && weights.length != input.tokens()) {
      throw new IllegalArgumentException(
          "token weights: "
              + weights.length
              + " for "
              + input.tokens()
              + " rows that layers read, expected one for each; this network can only be calibrated"
              + " on all tokens alike");
    }
    int width = input.width();
    int count = input.tokens();
    int held = 0;
    for (int t = 0; t < count; t++) {
      held += HOLD_OUT.contains(tokens + t) ? 1 : 0;
    }
    FloatMatrix seen = FloatMatrix.zeros(count - held, width);
    float[] seenWeights = weights == null ? null : new float[count - held];
    int kept = 0;
    for (int t = 0; t < count; t++, tokens++) {
      int from = input.offset() + t * width;
      boolean counts = weights == null || weights[t] > 0;
      boolean isHeldOut = HOLD_OUT.contains(tokens);
      if (counts && isFinite(input.data(), from, width)) {
        (isHeldOut ? heldOut : sample).add(input.data(), from, tokens);
      }
      if (!isHeldOut) {
        System.arraycopy(input.data(), from, seen.data(), kept * width, width);
        if (seenWeights != null && weights != null) {
          seenWeights[kept] = weights[t];
        }
        kept++;
      }
    }
    if (seenWeights == null) {
      statistics.add(seen, compute);
    } else {
      statistics.add(seen, seenWeights, compute);
    }
  }

  /** The weights of the rows of an input. */
  static float @Nullable [] weights(SiteInput input, float @Nullable [] ofBatch) {
    TokenSelection selection = input.selection().orElse(null);
    if (selection == null) {
      return ofBatch;
    }
    float[] weights = Arrays.copyOf(selection.gates(), selection.count());
    for (int i = 0; ofBatch != null && i < weights.length; i++) {
      weights[i] *= ofBatch[selection.rows()[i]];
    }
    return weights;
  }

  static boolean isFinite(float[] values, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (!Float.isFinite(values[i])) {
        return false;
      }
    }
    return true;
  }

  LayerInput result() {
    LayerInput input = LayerInput.of(statistics);
    FloatMatrix seen = sample.rows();
    if (seen.rows() > 0) {
      input = input.withSample(seen);
    }
    FloatMatrix unseen = heldOut.rows();
    return unseen.rows() > 0 ? input.withHeldOut(unseen) : input;
  }
}
