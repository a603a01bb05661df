// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.LdlFactorization;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
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
 *     left them when their group comes up, rather than to the original weights. Scales that share
 *     something are encoded when all are known, and a second pass takes them as they are stored. In
 *     activation order the groups are of columns that follow each other in that order, so that the
 *     columns of the matrix must have been brought into it; see {@link #columnOrder}
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
   * @throws IllegalArgumentException if one is out of range
   */
  public GptqRounding {
    if (!(damping >= 0 && damping <= 1)) {
      throw new IllegalArgumentException("damp: " + damping + ", expected 0 to 1");
    }
    if (block < 8 || block > 4096) {
      throw new IllegalArgumentException("block: " + block + ", expected 8 to 4096");
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

  /**
   * Whether the columns of a matrix must be brought into the order in which they are rounded before
   * this rounding can work on it.
   *
   * @return true for groups that are fitted as they come up in another order than the natural one
   */
  public boolean reordersColumns() {
    return activationOrder && currentGroups;
  }

  /**
   * The order in which columns are rounded.
   *
   * @param gram the second moment of the inputs
   * @return columns, the first one first
   */
  public int[] columnOrder(Gram gram) {
    float[] diagonal = gram.diagonal();
    return activationOrder
        ? ColumnOrder.descending(diagonal)
        : ColumnOrder.natural(diagonal.length);
  }

  private void requireNaturalGroups() {
    if (reordersColumns()) {
      throw new IllegalArgumentException(
          "gptq: act-order rounds the columns of a group at different times, so that its scale"
              + " cannot be current unless the matrix has its columns in that order, which is only"
              + " possible for the one quantized matrix of a recipe; leave out one of both");
    }
  }

  /**
   * Rounds a matrix and keeps the weights apart whose rounding costs most, as other errors have
   * left them: SpQR (Dettmers et al., arXiv 2306.03078).
   *
   * <p>A weight is kept if its squared error by {@code U_jj^2}, with the Cholesky factor U of the
   * inverse moment, exceeds a threshold, which is found by bisection so that the wanted share or
   * at most a hundredth of it less is kept. Each group of a row is fitted without the weights that
   * would spoil it (leave-one-out). Cost: up to 20 roundings of the matrix.
   *
   * @param task weights, grid and moment
   * @param share of the weights that are kept, above 0, at most 0.5
   * @param stored F16 or F32: how kept values are rounded
   * @return codes and kept weights; none is kept if the moment cannot be factored
   * @throws IllegalArgumentException if there is no moment, or the columns must be reordered
   */
  public OutlierRoundingResult roundKeeping(RoundingTask task, double share, DType stored) {
    requireNaturalGroups();
    Gram gram = task.requireGram(label());
    int[] order = columnOrder(gram);
    FeedbackFactor feedback = FeedbackFactor.of(gram, order, damping, task.compute());
    RoundingReport report = feedback.report(label(), gram.deadInputs());
    LdlFactorization factor = feedback.factor().orElse(null);
    if (factor == null) {
      FloatMatrix none = FloatMatrix.zeros(task.weights().rows(), task.weights().columns());
      RoundingResult nearest =
          new RoundingResult(task.grid(), NearestRounding.codes(task, null), report);
      return new OutlierRoundingResult(nearest, new BitSet(), none, Double.POSITIVE_INFINITY);
    }
    return new OutlierFeedback(task, this, factor, order).keep(share, stored, report);
  }

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    requireNaturalGroups();
    Gram gram = task.requireGram(label());
    int[] order = columnOrder(gram);
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
    if (groups.grid().isEmpty() && task.grid().scheme().scaleCodec().isIndependent()) {
      groups = groups.withWiderScales();
      codes = sweep.currentGroups(groups, codes);
    }
    Grid grid = groups.grid().orElse(null);
    if (grid == null) {
      grid = groups.encodedGrid();
      codes = new FeedbackSweep(task.withGrid(grid), factor, order, block).staticGroups(codes);
    }
    return new RoundingResult(grid, codes, report);
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
