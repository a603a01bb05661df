// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.decompose.Decomposition;
import io.github.quant4j.decompose.QuantizedSpec;
import io.github.quant4j.format.LevelTable;
import io.github.quant4j.format.NumberFormat;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.matrix.Grid;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.rounding.NearestRounding;
import io.github.quant4j.scheme.FormatChoice;
import io.github.quant4j.scheme.Granularity;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleFrame;
import io.github.quant4j.search.FitTask;
import io.github.quant4j.search.MinMaxSearch;
import io.github.quant4j.search.Minimize;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Finds the scale of each row of the weights, and their format, with the least error of the output
 * for inputs that are quantized: the weights' half of LLM-FP4's search (Liu et al., arXiv
 * 2310.16836).
 *
 * <p>Rows do not depend on each other, so that a product for each candidate finds the best one of
 * all rows.
 */
final class RowScaleSearch {
  private final QuantScheme scheme;

  /** Those to choose from; after the first search the one that was chosen. */
  private List<NumberFormat> formats;

  private final FloatMatrix weights;
  private final FloatMatrix target;
  private final Compute compute;

  private RowScaleSearch(
      QuantScheme scheme,
      List<NumberFormat> formats,
      FloatMatrix weights,
      FloatMatrix target,
      Compute compute) {
    this.scheme = scheme;
    this.formats = formats;
    this.weights = weights;
    this.target = target;
    this.compute = compute;
  }

  /**
   * The search for a decomposition.
   *
   * @param weights in full precision, {@code [out, in]}
   * @param target their outputs for the sample in full precision
   * @return empty unless the weights are one matrix with symmetric scales for its rows and nearest
   *     rounding
   */
  static Optional<RowScaleSearch> of(
      Decomposition decomposition, FloatMatrix weights, FloatMatrix target, Compute compute) {
    if (decomposition.terms().size() != 1
        || !(decomposition.terms().getFirst() instanceof QuantizedSpec(var quantizer, var _))
        || !(quantizer.scheme().granularity() instanceof Granularity.PerChannel)
        || !quantizer.scheme().symmetric()
        || !quantizer.scheme().scaleCodec().isIndependent()
        || !isNearest(quantizer)) {
      return Optional.empty();
    }
    List<NumberFormat> formats =
        switch (quantizer.scheme().choice()) {
          case FormatChoice.Fixed(var format) -> List.of(format);
          case FormatChoice.BestPerMatrix(var candidates) -> candidates;
          default -> List.of();
        };
    return formats.isEmpty()
        ? Optional.empty()
        : Optional.of(new RowScaleSearch(quantizer.scheme(), formats, weights, target, compute));
  }

  private static boolean isNearest(Quantizer quantizer) {
    return quantizer.roundings().stream().allMatch(NearestRounding.class::isInstance);
  }

  /** Scales of all rows in one format and the errors of the rows. */
  private record Candidate(Grid full, float[] scales, double[] errors) {
    double error() {
      return Arrays.stream(errors).sum();
    }
  }

  /**
   * The weights for quantized inputs.
   *
   * @param input the quantized sample
   * @param now the weights that are there, which stay in rows that nothing improves on
   */
  Decomposition.Result fit(FloatMatrix input, Decomposition.Result now) {
    Candidate best =
        Minimize.argmin(
                formats.stream().map(format -> rows(format, input)).toList(), Candidate::error)
            .argument();
    formats = List.of(best.full().scheme().format());
    QuantizedMatrix matrix = matrix(best);
    FloatMatrix dense = matrix.dequantize();
    double before =
        OutputSearch.difference(OutputSearch.product(input, now.weights(), compute), target);
    double after = OutputSearch.difference(OutputSearch.product(input, dense, compute), target);
    return after < before
        ? new Decomposition.Result(
            List.of(new QuantizedTerm(matrix)), dense, now.errors(), now.notes())
        : now;
  }

  private Candidate rows(NumberFormat format, FloatMatrix input) {
    Grid full =
        new MinMaxSearch()
            .fit(new FitTask(weights, scheme.withFormat(format), null, compute), format);
    ScaleFrame frame = frame(full);
    int rows = weights.rows();
    float[] scales = full.scales().values().clone();
    double[] least = new double[rows];
    Arrays.fill(least, Double.POSITIVE_INFINITY);
    LevelTable table = LevelTable.of(format);
    for (double factor :
        Minimize.grid(
            OutputSearch.LEAST_FACTOR, OutputSearch.LARGEST_FACTOR, OutputSearch.CANDIDATES)) {
      float[] tried = new float[rows];
      for (int row = 0; row < rows; row++) {
        tried[row] = frame.round(row, OutputSearch.scale(format, full.scale(row), factor));
      }
      FloatMatrix rounded = rounded(tried, table);
      double[] errors = errors(OutputSearch.product(input, rounded, compute));
      for (int row = 0; row < rows; row++) {
        if (errors[row] < least[row]) {
          least[row] = errors[row];
          scales[row] = tried[row];
        }
      }
    }
    return new Candidate(full, scales, least);
  }

  private static ScaleFrame frame(Grid full) {
    return full.scheme()
        .scaleCodec()
        .frame(wanted(full.scales().values()), full.layout(), full.scheme().format());
  }

  private static double[] wanted(float[] scales) {
    double[] wanted = new double[scales.length];
    Arrays.setAll(wanted, i -> scales[i]);
    return wanted;
  }

  private FloatMatrix rounded(float[] scales, LevelTable table) {
    int columns = weights.columns();
    FloatMatrix result = FloatMatrix.zeros(weights.rows(), columns);
    for (int i = 0; i < result.data().length; i++) {
      float scale = scales[i / columns];
      result.data()[i] = table.nearest(weights.data()[i] / scale) * scale;
    }
    return result;
  }

  private double[] errors(FloatMatrix output) {
    double[] errors = new double[output.columns()];
    for (int i = 0; i < output.data().length; i++) {
      double d = (double) output.data()[i] - target.data()[i];
      errors[i % errors.length] += d * d;
    }
    return errors;
  }

  private QuantizedMatrix matrix(Candidate candidate) {
    Grid full = candidate.full();
    Grid grid =
        new Grid(
            full.scheme(),
            full.layout(),
            full.palette(),
            frame(full).encode(wanted(candidate.scales())),
            null);
    int columns = weights.columns();
    byte[] codes = new byte[weights.data().length];
    for (int row = 0; row < weights.rows(); row++) {
      grid.encodeRow(row, weights.data(), row * columns, codes, row * columns);
    }
    return QuantizedMatrix.of(grid, codes);
  }
}
