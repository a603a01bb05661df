// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.transform.InputTransform;
import java.util.List;

/**
 * Several layers that read one input, quantized with one transform.
 *
 * @param transform the common transform of the input; the identity if the recipe has none
 * @param layers the layers in the order given; each runs the transform, unless it is taken off with
 *     {@code linear().withoutTransform()} because it was folded into what computes the input
 */
public record GroupQuantizationResult(
    InputTransform transform, List<LinearQuantizationResult> layers) {

  /** Copies the list. */
  public GroupQuantizationResult {
    layers = List.copyOf(layers);
  }
}
