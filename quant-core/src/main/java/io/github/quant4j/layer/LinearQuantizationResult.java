// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.layer;

import io.github.quant4j.annotation.Stable;
import io.github.quant4j.linear.QuantizedLinear;

/**
 * A quantized layer with its report.
 *
 * @param linear the layer, complete: if the recipe has transforms, the layer runs them
 * @param report how well it went
 */
@Stable
public record LinearQuantizationResult(QuantizedLinear linear, LinearReport report) {}
