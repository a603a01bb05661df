// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.IntegerFormat;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.stat.descriptive.rank.Percentile;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Fitted grids against all candidates, tried one by one in double. */
class ScaleSearchTest {

  /** What an error is made of. */
  private interface Objective {
    double of(ScaleLayout layout, int tile, double[][] errors);
  }

  private record Candidate(double low, double high) {}

  /** All candidates of a tile, on a layout of rows or blocks. */
  private static final class Oracle {
    final FloatMatrix weights;
    final QuantScheme scheme;
    final ScaleLayout layout;
    final NumberFormat format;
    final float[] levels;
    final Objective objective;
    final List<Candidate> candidates;

    Oracle(
        FloatMatrix weights, QuantScheme scheme, Objective objective, List<Candidate> candidates) {
      this.weights = weights;
      this.scheme = scheme;
      this.layout = scheme.granularity().layout(weights.rows(), weights.columns());
      this.format = scheme.format();
      this.levels = format.levels();
      this.objective = objective;
      this.candidates = candidates;
    }

    double[] range(int tile) {
      double[] range = new double[2];
      for (int row = 0; row < layout.rows(); row++) {
        for (int column = 0; column < layout.columns(); column++) {
          if (layout.index(row, column) == tile) {
            range[0] = Math.min(range[0], weights.get(row, column));
            range[1] = Math.max(range[1], weights.get(row, column));
          }
        }
      }
      return range;
    }

    double wanted(int tile, Candidate candidate) {
      double[] range = range(tile);
      double low = range[0] * candidate.low;
      double high = range[1] * candidate.high;
      double bottom = levels[0];
      double top = levels[levels.length - 1];
      if (!scheme.symmetric()) {
        return (high - low) / (top - bottom);
      }
      return format instanceof IntegerFormat
          ? Math.max(-low, high) / top
          : Math.max(bottom < 0 ? low / bottom : 0, top > 0 ? high / top : 0);
    }

    double error(int tile, double scale, double zero) {
      int top = tile / layout.scaleColumns() * layout.blockRows();
      int left = tile % layout.scaleColumns() * layout.blockColumns();
      int height = Math.min(layout.blockRows(), layout.rows() - top);
      int width = Math.min(layout.blockColumns(), layout.columns() - left);
      double[][] errors = new double[height][width];
      for (int r = 0; r < height; r++) {
        for (int c = 0; c < width; c++) {
          double weight = weights.get(top + r, left + c);
          double least = Double.POSITIVE_INFINITY;
          for (float level : levels) {
            double error = (level - zero) * scale - weight;
            least = Math.abs(error) < Math.abs(least) ? error : least;
          }
          errors[r][c] = least;
        }
      }
      return objective.of(layout, tile, errors);
    }

    double error(int tile, Candidate candidate, @Nullable ScaleFrame frame) {
      double wanted = wanted(tile, candidate);
      double scale = frame == null ? (float) wanted : frame.round(tile, wanted);
      double zero = 0;
      if (!scheme.symmetric()) {
        double low = range(tile)[0] * candidate.low;
        zero = Math.clamp(Math.rint(levels[0] - low / scale), levels[0], levels[levels.length - 1]);
      }
      return error(tile, scale, zero);
    }

    Candidate best(int tile, @Nullable ScaleFrame frame) {
      Candidate best = candidates.getFirst();
      double least = error(tile, best, frame);
      for (Candidate candidate : candidates) {
        double error = error(tile, candidate, frame);
        if (error < least) {
          least = error;
          best = candidate;
        }
      }
      return best;
    }

    /** Settles what scales share by their exact choice, as the contract of the search says. */
    ScaleFrame frame() {
      double[] typical = new double[layout.count()];
      for (int tile = 0; tile < typical.length; tile++) {
        boolean alone = scheme.scaleCodec().isIndependent();
        typical[tile] = wanted(tile, alone ? candidates.getFirst() : best(tile, null));
      }
      return scheme.scaleCodec().frame(typical, layout, format);
    }

    void assertBest(Grid grid, String message) {
      ScaleFrame frame = frame();
      for (int tile = 0; tile < layout.count(); tile++) {
        double expected = error(tile, best(tile, frame), frame);
        double found = error(tile, grid.scale(tile), grid.zeroPoint(tile));
        assertTrue(
            found <= expected * (1 + 1e-5) + 1e-12,
            message + ": tile " + tile + " " + found + " above " + expected);
      }
    }
  }

  private static List<Candidate> shrunk(int steps, double shrink, boolean each) {
    List<Candidate> candidates = new ArrayList<>();
    for (int i = 0; i <= shrink * steps && i < steps; i++) {
      for (int j = 0; j <= shrink * steps && j < steps; j++) {
        if (each || i == j) {
          candidates.add(new Candidate(1 - (double) i / steps, 1 - (double) j / steps));
        }
      }
    }
    return candidates;
  }

  private static FloatMatrix weights(SeededRandom random, int rows, int columns) {
    FloatMatrix weights = random.gaussianMatrix(rows, columns);
    for (int i = 0; i < weights.data().length; i++) {
      weights.data()[i] *= (float) Math.exp(0.6 * random.nextGaussian());
      weights.data()[i] += 0.1f;
    }
    // One tile of zeros, and one weight that is large.
    for (int column = 0; column < Math.min(8, columns); column++) {
      weights.put(0, column, 0);
    }
    weights.put(rows - 1, columns - 1, -9);
    return weights;
  }

  private static Grid fit(
      ScaleSearch search, FloatMatrix weights, String scheme, @Nullable Gram gram, int threads) {
    return search.fit(
        new FitTask(
            weights,
            QuantScheme.parse(scheme),
            gram,
            Compute.scalar()
                .withTeam(threads == 1 ? WorkerTeam.sequential() : WorkerTeam.ofThreads(threads))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int4:g8:sym:f32; 2",
        "int4:g8:asym:f16; 2",
        "int3:channel:asym:bf16; 2.4",
        "int2:g8:sym:f16; 1",
        "int8:g8:asym:f16; 2",
        "nf4:g8:sym:f16; 2",
        "fp4e2m1:channel:sym:f16; 3.5",
        "ternary:block(3x8):sym:f16; 2",
        "int3:tensor:asym:f16; 2",
        "int4:column:asym:f16; 2",
        "int4:block(130x3):sym:f16; 2",
        "levels(-6,-1,0,1,2):g8:sym:f16; 2",
        "mxfp4; 2",
        "fp4e2m1:g8:sym:e8m0near; 2",
        "nvfp4; 2",
        "int4:g8:sym:second-order; 2",
        "fp4e2m1:g8:sym:po2row; 2",
        "int4:g8:sym:i8row; 2",
      })
  void theLeastRoundingErrorIsFound(String scheme, double exponent) {
    SeededRandom random = new SeededRandom(51);
    FloatMatrix weights = weights(random, scheme.contains("130") ? 140 : 11, 32);
    MeanSquaredErrorSearch search = new MeanSquaredErrorSearch(exponent, 20, 0.7);
    Oracle oracle =
        new Oracle(
            weights,
            QuantScheme.parse(scheme),
            (layout, tile, errors) -> {
              double sum = 0;
              for (double[] row : errors) {
                for (double error : row) {
                  sum += Math.pow(Math.abs(error), exponent);
                }
              }
              return sum;
            },
            shrunk(20, 0.7, false));
    Grid grid = fit(search, weights, scheme, null, 1);
    oracle.assertBest(grid, scheme + ", " + random);
    Grid threads = fit(search, weights, scheme, null, 3);
    assertArrayEquals(grid.scales().values(), threads.scales().values(), "threads");
  }

  @ParameterizedTest
  @CsvSource({
    "int4:g8:sym:f16, false, false",
    "int4:g8:asym:f16, false, false",
    "int3:g8:asym:f32, false, true",
    "int2:channel:asym:f16, false, true",
    "int3:g8:asym:f16, true, true",
    "int4:channel:sym:f16, true, false",
    "nf4:g8:sym:f16, false, false",
    "fp4e2m1:g16:sym:f16, true, false",
    "int3:block(4x8):sym:f16, false, false",
    "int3:tensor:asym:f16, true, true",
    "int4:column:sym:f16, false, false",
    "fp4e2m1:g16:sym:e4m3, false, false",
    "int4:g8:sym:i8row, true, false",
  })
  void theLeastOutputErrorIsFound(String scheme, boolean diagonal, boolean asymmetric) {
    SeededRandom random = new SeededRandom(52);
    FloatMatrix weights = weights(random, 9, 32);
    FloatMatrix inputs = random.gaussianMatrix(60, 32);
    for (int t = 0; t < 60; t++) {
      for (int j = 1; j < 32; j++) {
        // Neighbours go together, and some are large.
        float value = inputs.get(t, j) + 0.8f * inputs.get(t, j - 1);
        inputs.put(t, j, j % 5 == 2 ? 4 * value : value);
      }
    }
    Gram gram = Gram.of(inputs, Compute.scalar());
    Oracle oracle =
        new Oracle(
            weights,
            QuantScheme.parse(scheme),
            (layout, tile, errors) -> {
              int left = tile % layout.scaleColumns() * layout.blockColumns();
              double sum = 0;
              for (double[] row : errors) {
                for (int i = 0; i < row.length; i++) {
                  for (int j = 0; j < row.length; j++) {
                    double moment = gram.values()[(left + i) * 32 + left + j];
                    sum += i == j || !diagonal ? row[i] * moment * row[j] : 0;
                  }
                }
              }
              return sum;
            },
            shrunk(10, 0.5, asymmetric && !QuantScheme.parse(scheme).symmetric()));
    ClipSearch search = new ClipSearch(diagonal, asymmetric, 10, 0.5);
    Grid grid = fit(search, weights, scheme, gram, 1);
    oracle.assertBest(grid, scheme + ", " + random);
    assertArrayEquals(
        grid.scales().values(), fit(search, weights, scheme, gram, 2).scales().values(), "threads");
  }

  @ParameterizedTest
  @CsvSource({"99", "90", "50", "100", "97.5"})
  void percentilesAreThoseOfStatistics(double share) {
    SeededRandom random = new SeededRandom(53);
    FloatMatrix weights = random.gaussianMatrix(4, 101);
    Grid symmetric = fit(new PercentileSearch(share), weights, "int4:channel:sym:f32", null, 1);
    Grid asymmetric = fit(new PercentileSearch(share), weights, "int4:channel:asym:f32", null, 1);
    for (int row = 0; row < 4; row++) {
      double[] values = new double[101];
      double[] magnitudes = new double[101];
      for (int i = 0; i < values.length; i++) {
        values[i] = weights.get(row, i);
        magnitudes[i] = Math.abs(values[i]);
      }
      Percentile oracle = new Percentile().withEstimationType(Percentile.EstimationType.R_7);
      double reach = oracle.evaluate(magnitudes, share);
      assertEquals(reach / 7, symmetric.scale(row), 1e-6, random::toString);
      double high = Math.max(0, oracle.evaluate(values, share));
      double low = share == 100 ? min(values) : Math.min(0, oracle.evaluate(values, 100 - share));
      assertEquals((high - low) / 15, asymmetric.scale(row), 1e-6, random::toString);
    }
  }

  private static double min(double[] values) {
    double least = 0;
    for (double value : values) {
      least = Math.min(least, value);
    }
    return least;
  }

  @Test
  void searchesThatNeedInputsSaySo() {
    FloatMatrix weights = FloatMatrix.zeros(2, 8);
    IllegalArgumentException thrown =
        assertThrows(
            IllegalArgumentException.class,
            () -> fit(ClipSearch.defaults(), weights, "int4:g8", null, 1));
    assertTrue(String.valueOf(thrown.getMessage()).contains("clip"), thrown::getMessage);
    assertThrows(
        IllegalArgumentException.class,
        () -> fit(ClipSearch.defaults(), weights, "int4:g8", Gram.empty(7), 1));
  }

  @ParameterizedTest
  @ValueSource(doubles = {-0.1, 1.1, Double.NaN})
  void shrinkIsAShare(double shrink) {
    assertThrows(IllegalArgumentException.class, () -> new ClipSearch(false, false, 10, shrink));
    assertThrows(IllegalArgumentException.class, () -> new MeanSquaredErrorSearch(2, 10, shrink));
  }
}
