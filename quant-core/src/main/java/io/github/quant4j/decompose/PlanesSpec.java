// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.format.Codebook;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.matrix.FormatPalette;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.scheme.GroupParameters;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Two ternary planes, {@code w ~ a1 t1 + a2 t2} with {@code t} in {-1, 0, 1} and two scales for
 * each tile: PTQTP (arXiv 2509.16989). Scales by least squares and elements by the best of the nine
 * values are found in turn; each step lowers the error. Stored it takes 2 bits for each ternary
 * value, so two planes take 4 and two scales, not the 3.17 of ideal packing.
 *
 * @param scheme a ternary scheme
 * @param iterations the largest number of rounds for a tile, at least 1
 * @param isWeighted whether errors are weighed by the mean square of the input
 */
public record PlanesSpec(QuantScheme scheme, int iterations, boolean isWeighted)
    implements TermSpec {
  /** The rounds that are enough in practice. */
  public static final int DEFAULT_ITERATIONS = 30;

  /** The sum of two such scales is finite. */
  private static final float LARGEST_SCALE = 0x1p126f;

  /**
   * Checks scheme and rounds.
   *
   * @throws IllegalArgumentException if the format is not ternary, or there are no rounds
   */
  public PlanesSpec {
    if (!scheme.format().equals(Codebook.TERNARY)) {
      throw new IllegalArgumentException("scheme: " + scheme + ", expected a ternary format");
    }
    if (iterations < 1 || iterations > 10_000) {
      throw new IllegalArgumentException("iterations: " + iterations + ", expected 1 to 10000");
    }
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    ScaleLayout layout = scheme.granularity().layout(residual.rows(), residual.columns());
    double[] importance = new double[residual.columns()];
    java.util.Arrays.fill(importance, 1);
    if (isWeighted) {
      importance = problem.moment().diagonal();
    }
    double[] weights = importance;
    int tiles = layout.count();
    double[] first = new double[tiles];
    double[] second = new double[tiles];
    problem
        .compute()
        .team()
        .run(
            tiles,
            tile -> {
              TernaryPlanes fitted =
                  TernaryPlanes.fit(
                      tile(residual, layout, tile, null),
                      tile(null, layout, tile, weights),
                      iterations);
              first[tile] = Math.min(fitted.first(), LARGEST_SCALE);
              second[tile] = Math.min(fitted.second(), LARGEST_SCALE);
            });
    GroupParameters firstScales = scheme.scaleCodec().encode(first, layout, scheme.format());
    GroupParameters secondScales = scheme.scaleCodec().encode(second, layout, scheme.format());
    byte[] firstCodes = new byte[residual.data().length];
    byte[] secondCodes = new byte[residual.data().length];
    for (int i = 0; i < firstCodes.length; i++) {
      int tile = layout.index(i / residual.columns(), i % residual.columns());
      // A scale of 0 is stored as 1, which must not be used.
      double a = first[tile] == 0 ? 0 : firstScales.values()[tile];
      double b = second[tile] == 0 ? 0 : secondScales.values()[tile];
      int best = TernaryPlanes.nearest(residual.data()[i], a, b);
      firstCodes[i] = (byte) (best / 3);
      secondCodes[i] = (byte) (best % 3);
    }
    return List.of(
        plane(layout, firstScales, firstCodes), plane(layout, secondScales, secondCodes));
  }

  private QuantizedTerm plane(ScaleLayout layout, GroupParameters scales, byte[] codes) {
    Grid grid = new Grid(scheme, layout, FormatPalette.uniform(scheme.format()), scales, null);
    return new QuantizedTerm(QuantizedMatrix.of(grid, codes));
  }

  /** The elements of a tile, or the importance of their columns. */
  private static double[] tile(
      @org.jspecify.annotations.Nullable FloatMatrix matrix,
      ScaleLayout layout,
      int tile,
      double @org.jspecify.annotations.Nullable [] importance) {
    int top = tile / layout.scaleColumns() * layout.blockRows();
    int from = tile % layout.scaleColumns() * layout.blockColumns();
    int bottom = Math.min(layout.rows(), top + layout.blockRows());
    int to = Math.min(layout.columns(), from + layout.blockColumns());
    double[] values = new double[(bottom - top) * (to - from)];
    int next = 0;
    for (int row = top; row < bottom; row++) {
      for (int column = from; column < to; column++) {
        values[next++] =
            matrix != null
                ? matrix.data()[row * layout.columns() + column]
                : importance != null ? importance[column] : 1;
      }
    }
    return values;
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return isWeighted ? EnumSet.of(StatisticNeed.GRAM) : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return scheme.toString().replaceFirst("ternary", "ternary2")
        + " "
        + TermSteps.PLANES.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    return 2 * SchemeBits.of(scheme, rows, columns);
  }
}
