// SPDX-License-Identifier: Apache-2.0

/**
 * Recipes applied to linear layers: statistics and weights in, a quantized layer and a report of
 * its errors out.
 */
@NullMarked
package io.github.quant4j.layer;

import org.jspecify.annotations.NullMarked;
