// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.statistic.Gram;
import org.jspecify.annotations.Nullable;

/**
 * GPTQ: columns are rounded one after the other, each making up for the errors of those before it
 * (Frantar et al., arXiv 2210.17323; as LDLQ in Chee et al., arXiv 2307.13304). What came before it
 * in a chain is discarded.
 *
 * <p>Columns go in blocks. Inside a block rows are lanes; between blocks the feedback is one matrix
 * product. Cost: {@code in^3 / 6 + out in^2 / 2} multiply-adds; memory: {@code in^2} floats for the
 * factor and {@code in} times 2048 for the rows at hand.
 *
 * <p>A moment that is not positive definite climbs a ladder: its damping is raised tenfold up to
 * the mean diagonal, then a floor is put under the diagonal, and at last the weights are rounded to
 * nearest. The report says which step was reached. Columns of inputs that were always zero get
 * nearest values.
 *
 * @param activationOrder whether columns go by descending diagonal of the moment, rather than in
 *     their natural order
 * @param currentGroups whether scales and zero points are fitted to the weights as the feedback has
 *     left them when their group comes up, rather than to the original weights; natural order only
 * @param damping what is added to the diagonal, as a fraction of its mean, from 0 to 1
 * @param block columns between matrix products, from 8 to 4096
 */
public record GptqRounding(
    boolean activationOrder, boolean currentGroups, double damping, int block) implements Rounding {
  static final double DEFAULT_DAMPING = 0.01;
  static final int DEFAULT_BLOCK = 128;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of range, or groups are to be current out of
   *     their natural order
   */
  public GptqRounding {
    if (!(damping >= 0 && damping <= 1)) {
      throw new IllegalArgumentException("damp: " + damping + ", expected 0 to 1");
    }
    if (block < 8 || block > 4096) {
      throw new IllegalArgumentException("block: " + block + ", expected 8 to 4096");
    }
    if (activationOrder && currentGroups) {
      throw new IllegalArgumentException(
          "gptq: act-order rounds the columns of a group at different times, so that its scale"
              + " cannot be current; leave out one of both");
    }
  }

  /**
   * Natural order, scales of the original weights, damping of one hundredth.
   *
   * @return the rounding with default settings
   */
  public static GptqRounding defaults() {
    return new GptqRounding(false, false, DEFAULT_DAMPING, DEFAULT_BLOCK);
  }

  /**
   * The same rounding in another order.
   *
   * @param changed whether columns go by descending diagonal
   * @return the changed rounding
   */
  public GptqRounding withActivationOrder(boolean changed) {
    return new GptqRounding(changed, currentGroups, damping, block);
  }

  /**
   * The same rounding with another treatment of scales.
   *
   * @param changed whether scales are fitted as their group comes up
   * @return the changed rounding
   */
  public GptqRounding withCurrentGroups(boolean changed) {
    return new GptqRounding(activationOrder, changed, damping, block);
  }

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    Gram gram = task.requireGram(label());
    float[] diagonal = gram.diagonal();
    int[] order =
        activationOrder ? ColumnOrder.descending(diagonal) : ColumnOrder.natural(diagonal.length);
    FeedbackFactor feedback = FeedbackFactor.of(gram, order, damping, task.compute());
    RoundingReport report = feedback.report(label(), gram.deadInputs());
    LdlFactorization factor = feedback.factor().orElse(null);
    if (factor == null) {
      return new RoundingResult(task.grid(), NearestRounding.codes(task, start), report);
    }
    if (!currentGroups) {
      byte[] codes = new FeedbackSweep(task, factor, order, block).staticGroups(start);
      return new RoundingResult(task.grid(), codes, report);
    }
    FeedbackSweep sweep = new FeedbackSweep(task, factor, order, block);
    CurrentGroups groups = CurrentGroups.of(task);
    byte[] codes = sweep.currentGroups(groups, start);
    if (groups.grid().isEmpty()) {
      groups = groups.withWiderScales();
      codes = sweep.currentGroups(groups, codes);
    }
    return new RoundingResult(groups.grid().orElseThrow(), codes, report);
  }

  @Override
  public boolean needsGram() {
    return true;
  }

  @Override
  public String label() {
    return Roundings.GPTQ.label(this);
  }
}
