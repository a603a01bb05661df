// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.search;

import io.github.quant4j.linalg.Compute;
import io.github.quant4j.scheme.QuantScheme;
import io.github.quant4j.scheme.ScaleLayout;
import io.github.quant4j.statistic.Gram;
import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * What a grid is fitted to.
 *
 * @param weights finite weights, {@code [out, in]}; not to be changed
 * @param scheme what can be represented
 * @param gram the second moment of the inputs, or null if there is none
 * @param compute the linear algebra and the threads
 * @param removed weights that are kept elsewhere and have no say, by row-major position; not to be
 *     changed
 */
public record FitTask(
    FloatMatrix weights,
    QuantScheme scheme,
    @Nullable Gram gram,
    Compute compute,
    BitSet removed) {

  /**
   * A task in which all weights count.
   *
   * @param weights finite weights, {@code [out, in]}; not to be changed
   * @param scheme what can be represented
   * @param gram the second moment of the inputs, or null if there is none
   * @param compute the linear algebra and the threads
   * @throws IllegalArgumentException if the moment does not fit the weights
   */
  public FitTask(FloatMatrix weights, QuantScheme scheme, @Nullable Gram gram, Compute compute) {
    this(weights, scheme, gram, compute, new BitSet());
  }

  /**
   * The same task in which some weights do not count.
   *
   * @param places of weights that are kept elsewhere, by row-major position
   * @return the changed task
   */
  public FitTask withRemoved(BitSet places) {
    return new FitTask(weights, scheme, gram, compute, places);
  }

  /**
   * Checks the moment.
   *
   * @throws IllegalArgumentException if the moment does not fit the weights
   */
  public FitTask {
    if (gram != null && gram.size() != weights.columns()) {
      throw new IllegalArgumentException(
          "gram: "
              + gram
              + ", expected ["
              + weights.columns()
              + ", "
              + weights.columns()
              + "] for "
              + weights);
    }
  }

  /**
   * The tiles.
   *
   * @return the layout of the scheme on the weights
   * @throws IllegalArgumentException if the scheme does not fit the shape
   */
  public ScaleLayout layout() {
    return scheme.granularity().layout(weights.rows(), weights.columns());
  }

  /**
   * The second moment, for searches that cannot do without.
   *
   * @param label the search, for the message
   * @return the moment
   * @throws IllegalArgumentException if there is none
   */
  public Gram requireGram(String label) {
    if (gram == null) {
      throw new IllegalArgumentException(
          "gram: none, but '" + label + "' is calibrated; pass Gram.of(inputs, compute)");
    }
    return gram;
  }
}
