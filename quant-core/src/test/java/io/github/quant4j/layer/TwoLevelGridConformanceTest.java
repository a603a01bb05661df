// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.kernel.KernelOptions;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.LayerFixture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The two levels of DGQ (Zhang et al., arXiv 2310.04836), written out in double, beside the scales
 * of {@code i8row}, which do not lift to weights of 8 bits: both have about the same error.
 */
@Tag("conformance")
class TwoLevelGridConformanceTest {
  private static final int GROUP = 128;
  private static final int ROWS = 8;

  @ParameterizedTest
  @ValueSource(strings = {"whisper-layers.3.fc1", "whisper-layers.2.self_attn.q_proj"})
  void bothGridsHaveAboutTheSameError(String site) {
    LayerFixture layer = LayerFixture.load(site);
    FloatMatrix weights = someRows(layer.weights());
    KernelOptions options = KernelOptions.defaults().withTeam(WorkerTeam.ofThreads(2));
    Gram gram = Gram.of(layer.activations(), options.compute());
    QuantizedLinear ours =
        LinearQuantizer.of("int4:g128:asym:i8row clip(steps=93,shrink=0.2) rtn")
            .withOptions(options)
            .quantize(weights, LayerInput.observe(layer.activations(), options.compute()))
            .linear();
    FloatMatrix dense = ours.toDense();
    double own = 0;
    double papers = 0;
    for (int row = 0; row < weights.rows(); row++) {
      double[] w = row(weights, row);
      double[] change = row(dense, row);
      for (int j = 0; j < w.length; j++) {
        change[j] -= w[j];
      }
      own += error(change, gram, 0, w.length);
      papers += twoLevels(w, gram);
    }
    double found = own;
    double expected = papers;
    assertTrue(
        found <= 1.05 * expected, () -> site + ": " + found + ", by the paper's grid " + expected);
  }

  private static FloatMatrix someRows(FloatMatrix matrix) {
    FloatMatrix some = FloatMatrix.zeros(ROWS, matrix.columns());
    for (int i = 0; i < ROWS; i++) {
      int from = i * matrix.rows() / ROWS * matrix.columns();
      System.arraycopy(
          matrix.data(), from, some.data(), i * matrix.columns(), matrix.columns());
    }
    return some;
  }

  private static double[] row(FloatMatrix matrix, int row) {
    double[] values = new double[matrix.columns()];
    for (int j = 0; j < values.length; j++) {
      values[j] = matrix.get(row, j);
    }
    return values;
  }

  /** {@code e H e^T} of some inputs. */
  private static double error(double[] change, Gram gram, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      double product = 0;
      for (int j = from; j < to; j++) {
        product += gram.values()[i * gram.size() + j] * change[j];
      }
      sum += change[i] * product;
    }
    return sum;
  }

  /** The least output error of a row: clips of its groups, then the scale of the row. */
  private static double twoLevels(double[] w, Gram gram) {
    int groups = w.length / GROUP;
    double[] scales = new double[groups];
    double[] zeros = new double[groups];
    double largest = 0;
    for (int g = 0; g < groups; g++) {
      double low = 0;
      double high = 0;
      for (int j = g * GROUP; j < (g + 1) * GROUP; j++) {
        low = Math.min(low, w[j]);
        high = Math.max(high, w[j]);
        largest = Math.max(largest, Math.abs(w[j]));
      }
      double least = Double.POSITIVE_INFINITY;
      for (int i = 0; i < 20; i++) {
        double ratio = 1.02 - 0.22 * (i + 1) / 20;
        double scale = Math.max((high - low) * ratio / 15, 1e-12);
        double zero = Math.clamp(Math.rint(-low * ratio / scale), 0, 15);
        double[] change = new double[w.length];
        for (int j = g * GROUP; j < (g + 1) * GROUP; j++) {
          double code = Math.clamp(Math.rint(w[j] / scale) + zero, 0, 15);
          change[j] = (code - zero) * scale - w[j];
        }
        double error = error(change, gram, g * GROUP, (g + 1) * GROUP);
        if (error < least) {
          least = error;
          scales[g] = scale;
          zeros[g] = zero;
        }
      }
    }
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 80; i++) {
      double rowScale = (1.02 - 0.82 * (i + 1) / 80) * largest / 127;
      double[] change = new double[w.length];
      for (int j = 0; j < w.length; j++) {
        double multiple = Math.max(1, Math.rint(scales[j / GROUP] / rowScale));
        double zero = zeros[j / GROUP];
        // What a code stands for must fit into 8 bits.
        double reach = Math.floor(127 / multiple);
        double code =
            Math.clamp(
                Math.rint(w[j] / (rowScale * multiple)) + zero,
                Math.max(0, zero - reach),
                Math.min(15, zero + reach));
        change[j] = (code - zero) * multiple * rowScale - w[j];
      }
      best = Math.min(best, error(change, gram, 0, w.length));
    }
    return best;
  }
}
