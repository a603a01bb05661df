// SPDX-License-Identifier: Apache-2.0
/** Quantization of activations: schemes, and quantizers with their calibrated ranges. */
@NullMarked
package io.github.quant4j.activation;

import org.jspecify.annotations.NullMarked;
