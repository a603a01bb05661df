// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;

/**
 * FlexRound: learns a divisor for each weight and for each row and the scales of the grid, and
 * rounds the quotients to nearest (Lee et al., arXiv 2306.00317), so that weights can move by more
 * than one step, large ones the farther.
 *
 * <p>A weight becomes {@code s1 round(w / (s1 s_ij s_i))}, where {@code s1} is the scale of its
 * tile and begins as that of the grid; where rows share scales, these stay. All are kept positive
 * by learning their logarithms, and scales are used as their codec stores them. Adam lowers {@code
 * tr(E H E^T)} over the whole second moment, with the rounding taken as the identity in the
 * derivative: {@code q - w / (s_ij s_i)} for the logarithm of s1 with the rounded weight q. Beyond
 * the ends of the grid only s1 has a derivative, q. Divisors start where the codes of the chain are
 * met, or at 1. Each row keeps the best codes and scales of all iterations, the start included.
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
  public void learn(LearnedSlab slab, double meanDiagonal, FittedScales scales) {
    Divisors divisors = new Divisors(slab, meanDiagonal, scales);
    for (int iteration = 0; iteration < iterations; iteration++) {
      divisors.nextIteration();
      slab.forRows(divisors::step);
      slab.updateGradient();
      slab.forRows(divisors::offer);
    }
    divisors.scales.store();
  }

  /** What weights are divided by, as logarithms, and the scales. */
  final class Divisors {
    final LearnedSlab slab;
    final float[] elements;
    final float[] rows;
    final LearnedScales scales;
    private final AdamState elementState;
    private final AdamState rowState;

    /** The error of losing one mean weight of a mean input. */
    private final double unit;

    Divisors(LearnedSlab slab, double meanDiagonal, FittedScales fitted) {
      this.slab = slab;
      this.elements = new float[slab.rows * slab.columns];
      this.rows = new float[slab.rows];
      this.scales = new LearnedScales(fitted, slab.first, slab.rows);
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
      scales.nextIteration();
    }

    float quotient(int row, int column) {
      int i = slab.index(row, column);
      return (float) (slab.weight(row, column) * Math.exp(-elements[i] - rows[row]));
    }

    private boolean isInside(int row, int column, float quotient) {
      Grid grid = slab.task.grid();
      float onGrid = quotient / scales.factor(row, column);
      int matrixRow = slab.first + row;
      return grid.below(matrixRow, column, onGrid) <= onGrid
          && grid.above(matrixRow, column, onGrid) >= onGrid;
    }

    /** The derivative of the error for the logarithm of an element's divisor. */
    float gradient(int row, int column) {
      float quotient = quotient(row, column);
      return isInside(row, column, quotient)
          ? (float) (-2 * slab.gradient[slab.index(row, column)] * quotient / unit)
          : 0;
    }

    /** An element's part of the derivative of the error for the logarithm of its scale. */
    float scaleGradient(int row, int column) {
      float quotient = quotient(row, column);
      int i = slab.index(row, column);
      float rounded = slab.weight(row, column) + slab.change[i];
      float moved = isInside(row, column, quotient) ? rounded - quotient : rounded;
      return (float) (2 * slab.gradient[i] * moved / unit);
    }

    void step(int row) {
      float rowGradient = 0;
      for (int column = 0; column < slab.columns; column++) {
        scales.add(row, column, scaleGradient(row, column));
        float gradient = gradient(row, column);
        rowGradient += gradient;
        int i = slab.index(row, column);
        elements[i] -= elementState.step(i, gradient, (float) rate);
      }
      rows[row] -= rowState.step(row, rowGradient, (float) rate);
      scales.step(row, (float) rate);
      for (int column = 0; column < slab.columns; column++) {
        float factor = scales.factor(row, column);
        float value =
            factor
                * slab.task
                    .grid()
                    .nearest(slab.first + row, column, quotient(row, column) / factor);
        slab.change[slab.index(row, column)] = value - slab.weight(row, column);
      }
    }

    void offer(int row) {
      if (!slab.isBest(row)) {
        return;
      }
      for (int column = 0; column < slab.columns; column++) {
        float onGrid = quotient(row, column) / scales.factor(row, column);
        slab.keep(row, column, slab.task.grid().encode(slab.first + row, column, onGrid));
      }
      scales.keep(row);
    }
  }

  @Override
  public String label() {
    return Roundings.FLEXIBLE.label(this);
  }
}
