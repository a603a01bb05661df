// SPDX-License-Identifier: Apache-2.0
/** Quantization of activations: schemes, and quantizers with their calibrated ranges. */
@Expert
@NullMarked
package io.github.quant4j.activation;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
