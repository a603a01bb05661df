// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.decompose.DenseSpec;
import io.github.quant4j.statistic.StatisticNeed;
import io.github.quant4j.tensor.DType;
import java.util.List;

/**
 * What a quantization will do, known before any work is done.
 *
 * @param recipe the main recipe's text
 * @param sites all linear layers in the order of the model, the head last
 * @param isCalibrated whether a recipe needs calibration
 * @param bytesBefore the size of all tensors now
 * @param bytesAfter their size afterwards, without file headers
 * @param peakHeapBytes about the least heap ({@code -Xmx}) with which the work can be done; a
 *     larger one is used for fewer garbage collections, and a quarter of it to hold activations
 * @param seconds a rough estimate of the time, on a common desktop processor
 * @param problems why it cannot be done, one line for each; empty if it can
 */
@Stable
public record QuantizationPlan(
    String recipe,
    List<PlannedSite> sites,
    boolean isCalibrated,
    long bytesBefore,
    long bytesAfter,
    long peakHeapBytes,
    double seconds,
    List<String> problems) {

  /** Copies the lists. */
  public QuantizationPlan {
    sites = List.copyOf(sites);
    problems = List.copyOf(problems);
  }

  /**
   * The number of layers that will be quantized.
   *
   * @return at most the number of sites
   */
  public int quantizedLayers() {
    return (int) sites.stream().filter(site -> site.recipe().isPresent()).count();
  }

  /**
   * The effective width of the layers that will be quantized.
   *
   * @return bits by weights; 0 if there is none
   */
  public double bitsPerWeight() {
    long bits = 0;
    long weights = 0;
    for (PlannedSite site : sites) {
      if (site.recipe().isPresent()) {
        bits += site.bitsAfter();
        weights += site.site().weightCount();
      }
    }
    return weights == 0 ? 0 : (double) bits / (double) weights;
  }

  /** Whether the model as it was given runs beside the quantized one. */
  boolean isRetargeted() {
    return sites.stream()
        .flatMap(site -> site.recipe().stream())
        .anyMatch(recipe -> recipe.needs().contains(StatisticNeed.CROSS_MOMENT));
  }

  /** Whether some weights are to be stored in binary32, so that nothing else should be rounded. */
  boolean isFullPrecision() {
    return sites.stream()
        .flatMap(site -> site.recipe().stream())
        .flatMap(recipe -> recipe.decomposition().terms().stream())
        .anyMatch(term -> term instanceof DenseSpec dense && dense.stored() == DType.F32);
  }

  /**
   * Refuses a plan that cannot be carried out.
   *
   * @return this plan
   * @throws PlanException if there are problems
   */
  public QuantizationPlan requireValid() {
    if (!problems.isEmpty()) {
      throw new PlanException(problems);
    }
    return this;
  }
}
