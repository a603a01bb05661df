// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.matrix.Grid;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StochasticRoundingTest {
  private static final int DRAWS = 4000;

  @ParameterizedTest
  @ValueSource(
      strings = {"int3:g8:asym:f16", "nf4:g8", "fp4e2m1:channel:sym:f32", "codebook(6):channel"})
  void expectedValuesAreTheWeights(String scheme) {
    SeededRandom random = new SeededRandom(81);
    FloatMatrix weights = random.gaussianMatrix(3, 16);
    RoundingTask task = RoundingProblem.task(weights, scheme, Gram.empty(16), 1);
    Grid grid = task.grid();
    double[] sums = new double[48];
    for (int seed = 0; seed < DRAWS; seed++) {
      byte[] codes = new StochasticRounding(seed).round(task, null).codes();
      FloatMatrix dense = RoundingProblem.dense(grid, codes);
      for (int i = 0; i < sums.length; i++) {
        float weight = weights.data()[i];
        float value = dense.data()[i];
        assertTrue(
            value == grid.below(i / 16, i % 16, weight)
                || value == grid.above(i / 16, i % 16, weight),
            random::toString);
        sums[i] += value;
      }
    }
    for (int i = 0; i < sums.length; i++) {
      float weight = weights.data()[i];
      float below = grid.below(i / 16, i % 16, weight);
      float above = grid.above(i / 16, i % 16, weight);
      // Beyond the grid there is only its end. Five standard deviations of the mean otherwise.
      double expected = below == above ? below : weight;
      double share = above == below ? 0 : (weight - below) / (above - below);
      double deviation = (above - below) * Math.sqrt(share * (1 - share) / DRAWS);
      assertEquals(expected, sums[i] / DRAWS, 5 * deviation + 1e-6, scheme + ", " + random);
    }
  }

  @Test
  void drawsDependOnTheSeedAlone() {
    SeededRandom random = new SeededRandom(82);
    FloatMatrix weights = random.gaussianMatrix(40, 16);
    RoundingTask alone = RoundingProblem.task(weights, "int4:g8", Gram.empty(16), 1);
    RoundingTask team = RoundingProblem.task(weights, "int4:g8", Gram.empty(16), 3);
    byte[] codes = new StochasticRounding(5).round(alone, null).codes();
    assertArrayEquals(codes, new StochasticRounding(5).round(team, codes.clone()).codes());
    int different = 0;
    byte[] others = new StochasticRounding(6).round(alone, null).codes();
    for (int i = 0; i < codes.length; i++) {
      different += codes[i] == others[i] ? 0 : 1;
    }
    // Two draws differ with probability 2 p (1 - p), a third on average.
    assertEquals(codes.length / 3.0, different, codes.length / 15.0, random::toString);
  }
}
