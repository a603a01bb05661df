// SPDX-License-Identifier: Apache-2.0

/**
 * Recipes applied to linear layers: statistics and weights in, a quantized layer and a report of
 * its errors out.
 */
@Expert
@NullMarked
package io.github.quant4j.layer;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
