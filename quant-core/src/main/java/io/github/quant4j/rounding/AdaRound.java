// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

/**
 * AdaRound: learns for each weight whether it goes to its lower or its upper neighbour on the grid
 * (Nagel et al., arXiv 2004.10568).
 *
 * <p>A weight is {@code below + (above - below) h} with the rectified sigmoid {@code h = clamp(1.2
 * sigmoid(v) - 0.1, 0, 1)}, started at the weight itself. Adam lowers {@code tr(E H E^T)} over the
 * whole second moment, plus after the first fifth of the iterations a penalty {@code lambda sum 1 -
 * |2 h - 1|^beta} that drives each h to 0 or 1 while beta falls from 20 to 2. Each row keeps the
 * better of the learned codes and those it started with, which are those of the chain or nearest
 * values. Works on any grid, with the neighbours of its own levels (as in FP4DiT for minifloats).
 *
 * <p>Both neighbours of the original weight are all there is to choose from, and the relaxation
 * leaves single changes that would lower the error: {@code adaround>cd(2)} finds those.
 *
 * <p>Cost: {@code out in^2} multiply-adds for each iteration; memory: nine times {@code in} times
 * 1024 floats.
 *
 * @param iterations steps of the optimiser, from 1 to 1000000
 * @param rate of learning, positive
 * @param penalty lambda, relative to the error of rounding one weight of a mean input by one whole
 *     step; positive
 */
public record AdaRound(int iterations, double rate, double penalty) implements LearnedRounding {
  static final int DEFAULT_ITERATIONS = 1000;
  static final double DEFAULT_RATE = 0.02;
  static final double DEFAULT_PENALTY = 3;
  private static final double WARM_UP = 0.2;
  private static final double FIRST_BETA = 20;
  private static final double LAST_BETA = 2;
  private static final float STRETCH = 1.2f;
  private static final float OVERHANG = 0.1f;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public AdaRound {
    Learning.require("adaround", iterations, rate);
    if (!(penalty > 0) || penalty > 1e6) {
      throw new IllegalArgumentException(
          "adaround: penalty " + penalty + ", expected above 0, to 1000000");
    }
  }

  /**
   * A thousand iterations.
   *
   * @return the rounding with default settings
   */
  public static AdaRound defaults() {
    return new AdaRound(DEFAULT_ITERATIONS, DEFAULT_RATE, DEFAULT_PENALTY);
  }

  @Override
  public void learn(LearnedSlab slab, double meanDiagonal, FittedScales scales) {
    Soft soft = new Soft(slab, meanDiagonal);
    for (int iteration = 0; iteration < iterations; iteration++) {
      slab.updateGradient();
      soft.adam.nextIteration();
      double progress = (double) iteration / iterations;
      double beta =
          progress < WARM_UP
              ? 0
              : LAST_BETA
                  + (FIRST_BETA - LAST_BETA)
                      * (0.5 + 0.5 * Math.cos(Math.PI * (progress - WARM_UP) / (1 - WARM_UP)));
      slab.forRows(row -> soft.step(row, beta));
    }
    slab.forRows(soft::harden);
    slab.updateGradient();
    slab.forRows(slab::offer);
  }

  /** Rounding that is still undecided. */
  final class Soft {
    final LearnedSlab slab;
    final float[] below;
    final float[] width;
    final float[] logits;
    final AdamState adam;

    /** The error of rounding one weight of a mean input by one mean step. */
    private final double unit;

    Soft(LearnedSlab slab, double meanDiagonal) {
      this.slab = slab;
      int count = slab.rows * slab.columns;
      this.below = new float[count];
      this.width = new float[count];
      this.logits = new float[count];
      this.adam = new AdamState(count);
      slab.forRows(this::start);
      double meanSquare = 0;
      for (float value : width) {
        meanSquare += (double) value * value / count;
      }
      this.unit = Math.max(meanDiagonal * meanSquare, Double.MIN_NORMAL);
    }

    private void start(int row) {
      for (int column = 0; column < slab.columns; column++) {
        int i = slab.index(row, column);
        float weight = slab.weight(row, column);
        below[i] = slab.task.grid().below(slab.first + row, column, weight);
        width[i] = slab.task.grid().above(slab.first + row, column, weight) - below[i];
        double share = width[i] > 0 ? (weight - below[i]) / (double) width[i] : 0;
        double sigmoid = (share + OVERHANG) / STRETCH;
        logits[i] = (float) Math.log(sigmoid / (1 - sigmoid));
        slab.change[i] = value(i) - weight;
      }
    }

    private float value(int i) {
      return below[i] + width[i] * rectified(logits[i]);
    }

    /** One step for a row, from the gradient of the error; no penalty if beta is 0. */
    void step(int row, double beta) {
      for (int column = 0; column < slab.columns; column++) {
        int i = slab.index(row, column);
        if (width[i] > 0) {
          logits[i] -= adam.step(i, gradient(i, beta), (float) rate);
          slab.change[i] = value(i) - slab.weight(row, column);
        }
      }
    }

    /** The derivative of the loss for a logit. */
    float gradient(int i, double beta) {
      float sigmoid = sigmoid(logits[i]);
      float h = STRETCH * sigmoid - OVERHANG;
      if (h <= 0 || h >= 1) {
        return 0;
      }
      double slope = 2 * slab.gradient[i] * width[i] / unit;
      if (beta > 0) {
        double side = 2 * h - 1;
        slope -= penalty * 2 * beta * Math.pow(Math.abs(side), beta - 1) * Math.signum(side);
      }
      return (float) (slope * STRETCH * sigmoid * (1 - sigmoid));
    }

    void harden(int row) {
      for (int column = 0; column < slab.columns; column++) {
        int i = slab.index(row, column);
        float value = below[i] + (rectified(logits[i]) >= 0.5f ? width[i] : 0);
        slab.change[i] = value - slab.weight(row, column);
      }
    }
  }

  private static float sigmoid(float logit) {
    return (float) (1 / (1 + Math.exp(-logit)));
  }

  private static float rectified(float logit) {
    return Math.clamp(STRETCH * sigmoid(logit) - OVERHANG, 0f, 1f);
  }

  @Override
  public String label() {
    return Roundings.ADAPTIVE.label(this);
  }
}
