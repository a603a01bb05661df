// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.tensor.FloatMatrix;
import org.jspecify.annotations.Nullable;

/**
 * Stochastic rounding: to one of the two neighbours on the grid, with probabilities that make the
 * expected value equal to the weight. What came before it in a chain is discarded.
 *
 * <p>The draw of an element is a hash of the seed and the element's position (the finaliser of
 * SplitMix64, Steele et al., OOPSLA 2014), so it depends on nothing else.
 *
 * @param seed chooses the draws
 */
public record StochasticRounding(long seed) implements Rounding {
  private static final int ROWS_IN_PART = 16;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  @Override
  public RoundingResult round(RoundingTask task, byte @Nullable [] start) {
    FloatMatrix weights = task.weights();
    Grid grid = task.grid();
    int columns = weights.columns();
    byte[] codes = start == null ? new byte[weights.data().length] : start;
    task.compute()
        .team()
        .run(
            Math.ceilDiv(weights.rows(), ROWS_IN_PART),
            part -> {
              int end = Math.min(weights.rows(), (part + 1) * ROWS_IN_PART);
              for (int row = part * ROWS_IN_PART; row < end; row++) {
                for (int column = 0; column < columns; column++) {
                  int at = row * columns + column;
                  float weight = weights.data()[at];
                  float below = grid.below(row, column, weight);
                  float above = grid.above(row, column, weight);
                  // Beyond the ends of the grid both neighbours are the same.
                  boolean up = uniform(at) * (above - below) < weight - below;
                  codes[at] = (byte) grid.encode(row, column, up ? above : below);
                }
              }
            });
    return new RoundingResult(grid, codes, new RoundingReport.Simple(label()));
  }

  /** From 0 (inclusive) to 1 (exclusive). */
  private double uniform(long index) {
    long z = seed + (index + 1) * GOLDEN;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return ((z ^ (z >>> 31)) >>> 11) * 0x1p-53;
  }

  @Override
  public boolean needsGram() {
    return false;
  }

  @Override
  public String label() {
    return Roundings.STOCHASTIC.label(this);
  }
}
