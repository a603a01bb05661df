// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.tensor.FloatMatrix;

/** Quantizes weights again that another form cannot hold as they are. */
@FunctionalInterface
public interface Requantizer {

  /**
   * Quantizes a matrix.
   *
   * @param scheme how, for example {@code int4:g128:asym}
   * @param weights {@code [out, in]}
   * @return the weights in that scheme
   */
  QuantizedMatrix quantize(String scheme, FloatMatrix weights);
}
