// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.decompose;

import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.linear.WeightTerm;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * The weights in clusters by value (k-means), each quantized as a matrix of its own with zeros
 * elsewhere, so that each has a narrow range: SplitQuant (Song and Lin, arXiv 2501.12428). It takes
 * as many times the bits.
 *
 * @param quantizer of each part; its grid must have a zero
 * @param parts clusters, 2 to 8
 */
public record SplitSpec(Quantizer quantizer, int parts) implements TermSpec {
  private static final int ROUNDS = 100;

  /**
   * Checks the number of parts.
   *
   * @throws IllegalArgumentException if it is not from 2 to 8, or the quantizer orders columns
   */
  public SplitSpec {
    if (parts < 2 || parts > 8) {
      throw new IllegalArgumentException("parts: " + parts + ", expected 2 to 8");
    }
    OrderedColumns.refuse(quantizer, "split");
    BlockTerms.refuse(quantizer, "split");
  }

  @Override
  public List<WeightTerm> fit(FloatMatrix residual, FitProblem problem) {
    double[] bounds = bounds(residual.data());
    List<WeightTerm> terms = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      FloatMatrix masked = FloatMatrix.zeros(residual.rows(), residual.columns());
      for (int i = 0; i < masked.data().length; i++) {
        float value = residual.data()[i];
        if (value >= bounds[part] && value < bounds[part + 1]) {
          masked.data()[i] = value;
        }
      }
      terms.add(new QuantizedTerm(problem.quantize(quantizer, masked)));
    }
    return terms;
  }

  /** Lloyd's rounds on the sorted values, starting from centres spread over the range. */
  private double[] bounds(float[] values) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double[] prefix = new double[sorted.length + 1];
    for (int i = 0; i < sorted.length; i++) {
      prefix[i + 1] = prefix[i] + sorted[i];
    }
    double low = sorted[0];
    double high = sorted[sorted.length - 1];
    double[] bounds = new double[parts + 1];
    for (int part = 0; part <= parts; part++) {
      bounds[part] = low + (high - low) * part / parts;
    }
    bounds[0] = Double.NEGATIVE_INFINITY;
    bounds[parts] = Double.POSITIVE_INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
      double[] centres = new double[parts];
      for (int part = 0; part < parts; part++) {
        int from = firstAtLeast(sorted, bounds[part]);
        int to = firstAtLeast(sorted, bounds[part + 1]);
        centres[part] =
            to > from
                ? (prefix[to] - prefix[from]) / (to - from)
                : (Math.max(bounds[part], low) + Math.min(bounds[part + 1], high)) / 2;
      }
      double[] next = bounds.clone();
      for (int part = 1; part < parts; part++) {
        next[part] = (centres[part - 1] + centres[part]) / 2;
      }
      if (Arrays.equals(next, bounds)) {
        break;
      }
      bounds = next;
    }
    return bounds;
  }

  private static int firstAtLeast(float[] sorted, double bound) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < bound) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  public Stage stage() {
    return Stage.MAIN;
  }

  @Override
  public Set<StatisticNeed> needs() {
    return quantizer.needsGram()
        ? EnumSet.of(StatisticNeed.GRAM)
        : EnumSet.noneOf(StatisticNeed.class);
  }

  @Override
  public String label() {
    return TermSteps.SPLIT.label(this);
  }

  @Override
  public long storageBits(int rows, int columns) {
    return parts * SchemeBits.of(quantizer.scheme(), rows, columns);
  }
}
