// SPDX-License-Identifier: Apache-2.0
/**
 * Equivalent transforms of a linear layer's input: invertible maps that leave the layer's output as
 * it is and make weights or activations easier to quantize. Rules that compute them are in {@code
 * transform.rule}.
 */
@Expert
@NullMarked
package io.github.quant4j.transform;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
