// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.ScaleSearch;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;

/** Weights, inputs that go together and grids of every kind, and output errors in double. */
final class RoundingProblem {
  /** One of every kind of grid, for groups of eight inputs. */
  static final String[] SCHEMES = {
    "int4:g8:sym:f16",
    "int3:g8:asym:f16",
    "int2:channel:asym:f32",
    "int4:block(3x8):asym:f16",
    "int4:column:sym:f16",
    "int3:tensor:sym:f16",
    "nf4:g8:sym:f16",
    "ternary:channel:sym:f16",
    "fp4e2m1:g8:sym:po2row",
    "mxfp4",
    "nvfp4",
    "e?m?(5):channel:sym:f16",
    "bitmod4:g8:sym:f16",
    "bitmod3:g8:sym:f16",
    "codebook(8):channel",
    "codebook(5):g8",
    "int4:g8:asym:second-order",
    "int4:g8:sym:i8row",
    "levels(-5,-1,0,1,2,7):g8:sym:f16",
  };

  private RoundingProblem() {}

  /** Inputs whose neighbours go together, with large channels. */
  static FloatMatrix inputs(SeededRandom random, int tokens, int columns) {
    FloatMatrix inputs = random.gaussianMatrix(tokens, columns);
    for (int t = 0; t < tokens; t++) {
      for (int j = 1; j < columns; j++) {
        float value = 0.6f * inputs.get(t, j) + 0.7f * inputs.get(t, j - 1);
        inputs.put(t, j, value);
      }
      for (int j = 3; j < columns; j += 11) {
        inputs.put(t, j, 5 * inputs.get(t, j));
      }
    }
    return inputs;
  }

  static RoundingTask task(FloatMatrix weights, String scheme, Gram gram, int threads) {
    ScaleSearch search = new MinMaxSearch();
    WorkerTeam team = threads == 1 ? WorkerTeam.sequential() : WorkerTeam.ofThreads(threads);
    FitTask fit =
        new FitTask(weights, QuantScheme.parse(scheme), gram, Compute.scalar().withTeam(team));
    return new RoundingTask(weights, search.fit(fit), gram, search, fit.compute());
  }

  static FloatMatrix dense(Grid grid, byte[] codes) {
    int columns = grid.layout().columns();
    FloatMatrix dense = FloatMatrix.zeros(grid.layout().rows(), columns);
    for (int i = 0; i < codes.length; i++) {
      dense.data()[i] = grid.decode(i / columns, i % columns, codes[i] & 0xff);
    }
    return dense;
  }

  /** {@code tr(E H E^T)} in double. */
  static double error(FloatMatrix weights, FloatMatrix changed, Gram gram) {
    double sum = 0;
    for (int row = 0; row < weights.rows(); row++) {
      sum += error(weights, changed, gram, row);
    }
    return sum;
  }

  static double error(FloatMatrix weights, FloatMatrix changed, Gram gram, int row) {
    int columns = weights.columns();
    double[] change = new double[columns];
    for (int j = 0; j < columns; j++) {
      change[j] = (double) changed.get(row, j) - weights.get(row, j);
    }
    double sum = 0;
    for (int i = 0; i < columns; i++) {
      for (int j = 0; j < columns; j++) {
        sum += change[i] * gram.values()[i * columns + j] * change[j];
      }
    }
    return sum;
  }
}
