// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transform.rule;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.statistic.InputStatistics;
import io.github.quant4j.transform.DenseTransform;
import io.github.quant4j.transform.DiagonalTransform;
import io.github.quant4j.transform.HadamardTransform;
import io.github.quant4j.transform.InputTransform;
import io.github.quant4j.transform.KroneckerTransform;
import io.github.quant4j.transform.OrthogonalTransform;
import io.github.quant4j.transform.PermutationTransform;
import io.github.quant4j.transform.ShiftTransform;
import io.github.quant4j.transform.TransformChain;

/**
 * The statistics of a transformed input, in closed form.
 *
 * <p>After a diagonal, a shift or a permutation everything that was known stays known (but for mean
 * magnitudes after a shift). After a transform that mixes channels the moment and the means are
 * known; ranges and mean magnitudes are not and must be observed again.
 */
public final class TransformedStatistics {
  private TransformedStatistics() {}

  /**
   * Transforms statistics.
   *
   * <p>Cost: {@code 2 in} transforms of one token for what mixes channels, {@code in^2} operations
   * otherwise; with a moment only.
   *
   * @param transform the transform of the input
   * @param statistics those of the input before it; not changed
   * @param compute the linear algebra and the threads
   * @return those of {@code T(x)}
   * @throws IllegalArgumentException if the sizes differ
   */
  public static InputStatistics of(
      InputTransform transform, InputStatistics statistics, Compute compute) {
    if (transform.size() != statistics.size()) {
      throw new IllegalArgumentException(
          "statistics: " + statistics + ", expected " + transform.size() + " channels");
    }
    return switch (transform) {
      case DiagonalTransform diagonal -> statistics.scaled(diagonal.inverse().scales());
      case ShiftTransform shift -> statistics.shifted(shift.offsets());
      case PermutationTransform order -> statistics.permuted(order.sources());
      case TransformChain chain -> {
        InputStatistics result = statistics;
        for (InputTransform step : chain.steps()) {
          result = of(step, result, compute);
        }
        yield result;
      }
      case HadamardTransform _, OrthogonalTransform _, KroneckerTransform _, DenseTransform _ -> {
        Compute alone = compute.sequential();
        yield statistics.mapped(
            (data, offset) -> map(transform, data, offset, alone), compute.team());
      }
    };
  }

  private static void map(InputTransform transform, float[] data, int offset, Compute compute) {
    float[] result = new float[transform.size()];
    transform.apply(data, offset, 1, result, 0, compute);
    System.arraycopy(result, 0, data, offset, result.length);
  }
}
