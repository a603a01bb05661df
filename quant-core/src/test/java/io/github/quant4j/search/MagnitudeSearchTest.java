// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.CodebookFamilies;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.Arrays;
import java.util.BitSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Scale rules of single systems, and fits that leave weights out. */
class MagnitudeSearchTest {

  private static FitTask task(FloatMatrix weights, String scheme) {
    return new FitTask(weights, QuantScheme.parse(scheme), null, Compute.scalar());
  }

  @ParameterizedTest
  @CsvSource({
    "ternary:channel:sym:f32, 1, 1",
    "binary:channel:sym:f32, 1, 1",
    "int4:channel:sym:f32, 2, 7",
    "int3:channel:sym:f32, 0.5, 3",
  })
  void theLargestLevelIsAMultipleOfTheStatistic(String scheme, double factor, double largest) {
    SeededRandom random = new SeededRandom(11);
    FloatMatrix weights = random.gaussianMatrix(6, 33);
    FitTask task = task(weights, scheme);
    Grid mean = new MagnitudeSearch(false, factor).fit(task);
    Grid median = new MagnitudeSearch(true, factor).fit(task);
    for (int row = 0; row < 6; row++) {
      double[] magnitudes = new double[33];
      for (int j = 0; j < 33; j++) {
        magnitudes[j] = Math.abs(weights.get(row, j));
      }
      Arrays.sort(magnitudes);
      double average = Arrays.stream(magnitudes).sum() / 33;
      assertEquals(factor * average / largest, mean.scale(row), 1e-6, random::toString);
      assertEquals(factor * magnitudes[16] / largest, median.scale(row), 1e-6, random::toString);
    }
  }

  /** The best scale of -1 and 1 is the mean magnitude, here below a tenth of the largest one. */
  @Test
  void twoLevelsGetTheirBestScaleByDefault() {
    SeededRandom random = new SeededRandom(12);
    FloatMatrix weights = random.gaussianMatrix(4, 200);
    for (int row = 0; row < 4; row++) {
      weights.put(row, 7, 20);
    }
    Grid grid = MeanSquaredErrorSearch.defaults().fit(task(weights, "binary:channel:sym:f32"));
    for (int row = 0; row < 4; row++) {
      double mean = 0;
      for (int j = 0; j < 200; j++) {
        mean += Math.abs(weights.get(row, j)) / 200;
      }
      assertEquals(mean, grid.scale(row), 0.03 * mean, random::toString);
    }
  }

  /** The searched exponent against all thousandths. */
  @ParameterizedTest
  @ValueSource(strings = {"power?(4):channel:sym:f32", "power?(3):g16:sym:f32"})
  void theExponentIsTheBest(String scheme) {
    SeededRandom random = new SeededRandom(13);
    FloatMatrix weights = random.gaussianMatrix(8, 64);
    FitTask task = task(weights, scheme);
    Grid found = new MinMaxSearch().fit(task);
    double least = Double.POSITIVE_INFINITY;
    for (int thousandths = 200; thousandths <= 1000; thousandths += 2) {
      NumberFormat format =
          CodebookFamilies.power(thousandths / 1000.0, task.scheme().bits());
      least = Math.min(least, error(weights, new MinMaxSearch().fit(task, format)));
    }
    double error = error(weights, found);
    assertTrue(error <= 1.01 * least, error + " of " + least + ", " + random);
    assertTrue(found.scheme().toString().startsWith("power("), found.scheme()::toString);
  }

  private static double error(FloatMatrix weights, Grid grid) {
    double sum = 0;
    for (int i = 0; i < weights.data().length; i++) {
      int column = i % weights.columns();
      double e = grid.nearest(i / weights.columns(), column, weights.data()[i]) - weights.data()[i];
      sum += e * e;
    }
    return sum;
  }

  /** Weights that are kept elsewhere have no say, whatever they are. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "binary:g32:sym:f32 mse",
        "binary:g32:sym:f32 absmean",
        "levels(-3,-1,2):g32:sym:f32 mse",
        "codebook(4):g32 minmax",
        "levels(-3,-1,2):g32:sym:f32 gaussian",
      })
  void removedWeightsHaveNoSay(String text) {
    SeededRandom random = new SeededRandom(14);
    FloatMatrix weights = random.gaussianMatrix(3, 64);
    BitSet removed = new BitSet();
    for (int i = 0; i < 40; i++) {
      removed.set(random.nextInt(0, 3 * 64));
    }
    String[] words = text.split(" ", -1);
    ScaleSearch search = ScaleSearches.STEPS.read(io.github.quant4j.grammar.Phrase.of("s", words[1]));
    FloatMatrix first = weights.copy();
    FloatMatrix second = weights.copy();
    // The ends of ranges are the same in both.
    removed.stream().forEach(i -> first.data()[i] = 0);
    removed.stream().forEach(i -> second.data()[i] = 0.01f * random.nextGaussian());
    Grid one = search.fit(task(first, words[0]).withRemoved(removed));
    Grid two = search.fit(task(second, words[0]).withRemoved(removed));
    for (int tile = 0; tile < one.layout().count(); tile++) {
      assertEquals(one.scale(tile), two.scale(tile), random::toString);
      assertEquals(one.palette().format(tile), two.palette().format(tile), random::toString);
    }
    Grid all = search.fit(task(first, words[0]));
    boolean isOther = false;
    for (int tile = 0; tile < one.layout().count(); tile++) {
      isOther |=
          one.scale(tile) != all.scale(tile)
              || !one.palette().format(tile).equals(all.palette().format(tile));
    }
    assertTrue(isOther, random::toString);
  }
}
