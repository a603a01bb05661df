// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.OutlierPairs;
import io.github.quant4j.linear.PairTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.PackedCodes;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Outlier-victim pairs of 4 bits: OliVe (Guo et al., arXiv 2304.07493). The scale of each tile is
 * that of the least squared error, from the one at which nothing is an outlier down to the one at
 * which the largest weight is the largest outlier, in equal ratios; each pair gets the best of its
 * three forms. Cost: one encoding of the matrix for each of 64 candidates.
 *
 * @param scheme symmetric 4-bit integers: granularity and codec of the scales
 */
public record PairsSpec(QuantScheme scheme) implements TermSpec {
  private static final int CANDIDATES = 64;

  /**
   * Checks the scheme.
   *
   * @throws IllegalArgumentException if it has a zero point, another format, or scales that share
   *     something
   */
  public PairsSpec {
    PairTerm.requireScheme(scheme);
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    int columns = residual.columns();
    ScaleLayout layout = PairTerm.requireWholePairs(scheme, residual.rows(), columns);
    double[] largest = new double[layout.count()];
    for (int i = 0; i < residual.data().length; i++) {
      int tile = layout.index(i / columns, i % columns);
      largest[tile] = Math.max(largest[tile], Math.abs(residual.data()[i]));
    }
    double[] widest = Arrays.stream(largest).map(x -> x / OutlierPairs.LARGEST_NORMAL).toArray();
    ScaleFrame frame = scheme.scaleCodec().frame(widest, layout, scheme.format());
    double[] best = new double[layout.count()];
    problem
        .compute()
        .team()
        .run(
            layout.count(),
            tile -> best[tile] = scale(residual, layout, tile, widest[tile], frame));
    GroupParameters scales = frame.encode(best);
    byte[] codes = new byte[residual.data().length];
    for (int row = 0; row < residual.rows(); row++) {
      for (int column = 0; column < columns; column += 2) {
        float scale = scales.values()[layout.index(row, column)];
        int at = row * columns + column;
        int pair = encode(residual, at, column + 1 < columns, scale);
        codes[at] = (byte) (pair & 15);
        if (column + 1 < columns) {
          codes[at + 1] = (byte) (pair >> 4);
        }
      }
    }
    PackedCodes packed = PackedCodes.pack(residual.rows(), columns, OutlierPairs.BITS, 1, codes);
    return List.of(new PairTerm(scheme, packed, scales));
  }

  private static int encode(FloatMatrix weights, int at, boolean isPair, float scale) {
    float first = weights.data()[at] / scale;
    return isPair
        ? OutlierPairs.encode(first, weights.data()[at + 1] / scale)
        : OutlierPairs.normalCode(first);
  }

  private static double scale(
      FloatMatrix weights, ScaleLayout layout, int tile, double widest, ScaleFrame frame) {
    double ratio = (double) OutlierPairs.LARGEST_NORMAL / OutlierPairs.LARGEST_OUTLIER;
    double best = widest;
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < CANDIDATES; i++) {
      double wanted = widest * Math.pow(ratio, (double) i / (CANDIDATES - 1));
      double error = error(weights, layout, tile, frame.round(tile, wanted));
      if (error < least) {
        least = error;
        best = wanted;
      }
    }
    return best;
  }

  private static double error(FloatMatrix weights, ScaleLayout layout, int tile, float scale) {
    int columns = layout.columns();
    int top = tile / layout.scaleColumns() * layout.blockRows();
    int left = tile % layout.scaleColumns() * layout.blockColumns();
    int bottom = Math.min(layout.rows(), top + layout.blockRows());
    int right = Math.min(columns, left + layout.blockColumns());
    double error = 0;
    for (int row = top; row < bottom; row++) {
      for (int column = left; column < right; column += 2) {
        int at = row * columns + column;
        boolean isPair = column + 1 < columns;
        int pair = encode(weights, at, isPair, scale);
        int first = pair & 15;
        int second = pair >> 4;
        error +=
            square(weights.data()[at] - scale * OutlierPairs.decode(first, isPair ? second : 0));
        if (isPair) {
          error += square(weights.data()[at + 1] - scale * OutlierPairs.decode(second, first));
        }
      }
    }
    return error;
  }

  private static double square(double x) {
    return x * x;
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return scheme.toString().replaceFirst("int4", "olive4");
  }

  @Override
  public long storageBits(int rows, int columns) {
    PairTerm.requireWholePairs(scheme, rows, columns);
    long codes = PackedCodes.rowBytes(columns, OutlierPairs.BITS, 1) * rows * Byte.SIZE;
    long each = (long) OutlierPairs.BITS * rows * columns;
    return codes + SchemeBits.of(scheme, rows, columns) - each;
  }
}
