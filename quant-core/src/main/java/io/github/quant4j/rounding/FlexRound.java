// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;

/**
 * FlexRound: learns a divisor for each weight and for each row, and rounds the quotients to nearest
 * (Lee et al., arXiv 2306.00317), so that weights can move by more than one step, large ones the
 * farther.
 *
 * <p>A weight becomes {@code nearest(w / (s_ij s_i))}; the common scale is that of the grid, and
 * the divisors are kept positive by learning their logarithms. Adam lowers {@code tr(E H E^T)} over
 * the whole second moment, with the rounding taken as the identity in the derivative, and no
 * derivative beyond the ends of the grid. Divisors start where the codes of the chain are met, or
 * at 1. Each row keeps the best codes of all iterations, the start included.
 *
 * <p>Cost: {@code out in^2} multiply-adds for each iteration; memory: six times {@code in} times
 * 1024 floats.
 *
 * @param iterations steps of the optimiser, from 1 to 1000000
 * @param rate of learning, positive
 */
public record FlexRound(int iterations, double rate) implements LearnedRounding {
  static final int DEFAULT_ITERATIONS = 500;
  static final double DEFAULT_RATE = 0.002;

  /**
   * Checks the parameters.
   *
   * @throws IllegalArgumentException if one is out of range
   */
  public FlexRound {
    Learning.require("flexround", iterations, rate);
  }

  /**
   * Five hundred iterations.
   *
   * @return the rounding with default settings
   */
  public static FlexRound defaults() {
    return new FlexRound(DEFAULT_ITERATIONS, DEFAULT_RATE);
  }

  @Override
  public void learn(LearnedSlab slab, double meanDiagonal) {
    Divisors divisors = new Divisors(slab, meanDiagonal);
    for (int iteration = 0; iteration < iterations; iteration++) {
      divisors.nextIteration();
      slab.forRows(divisors::step);
      slab.updateGradient();
      slab.forRows(slab::offer);
    }
  }

  /** What weights are divided by, as logarithms. */
  final class Divisors {
    final LearnedSlab slab;
    final float[] elements;
    final float[] rows;
    private final AdamState elementState;
    private final AdamState rowState;

    /** The error of losing one mean weight of a mean input. */
    private final double unit;

    Divisors(LearnedSlab slab, double meanDiagonal) {
      this.slab = slab;
      this.elements = new float[slab.rows * slab.columns];
      this.rows = new float[slab.rows];
      this.elementState = new AdamState(elements.length);
      this.rowState = new AdamState(rows.length);
      slab.forRows(this::start);
      double meanSquare = 0;
      for (int row = 0; row < slab.rows; row++) {
        for (int column = 0; column < slab.columns; column++) {
          double weight = slab.weight(row, column);
          meanSquare += weight * weight / elements.length;
        }
      }
      this.unit = Math.max(meanDiagonal * meanSquare, Double.MIN_NORMAL);
    }

    private void start(int row) {
      for (int column = 0; column < slab.columns; column++) {
        int i = slab.index(row, column);
        float weight = slab.weight(row, column);
        float chosen = weight + slab.change[i];
        Grid grid = slab.task.grid();
        if (grid.nearest(slab.first + row, column, weight) != chosen && weight * chosen > 0) {
          elements[i] = (float) Math.log(weight / chosen);
        }
      }
    }

    void nextIteration() {
      elementState.nextIteration();
      rowState.nextIteration();
    }

    float quotient(int row, int column) {
      int i = slab.index(row, column);
      return (float) (slab.weight(row, column) * Math.exp(-elements[i] - rows[row]));
    }

    /** The derivative of the error for the logarithm of an element's divisor. */
    float gradient(int row, int column) {
      float quotient = quotient(row, column);
      Grid grid = slab.task.grid();
      int matrixRow = slab.first + row;
      boolean inside =
          grid.below(matrixRow, column, quotient) <= quotient
              && grid.above(matrixRow, column, quotient) >= quotient;
      return inside ? (float) (-2 * slab.gradient[slab.index(row, column)] * quotient / unit) : 0;
    }

    void step(int row) {
      float rowGradient = 0;
      for (int column = 0; column < slab.columns; column++) {
        float gradient = gradient(row, column);
        rowGradient += gradient;
        int i = slab.index(row, column);
        elements[i] -= elementState.step(i, gradient, (float) rate);
      }
      rows[row] -= rowState.step(row, rowGradient, (float) rate);
      for (int column = 0; column < slab.columns; column++) {
        float value = slab.task.grid().nearest(slab.first + row, column, quotient(row, column));
        slab.change[slab.index(row, column)] = value - slab.weight(row, column);
      }
    }
  }

  @Override
  public String label() {
    return Roundings.FLEXIBLE.label(this);
  }
}
