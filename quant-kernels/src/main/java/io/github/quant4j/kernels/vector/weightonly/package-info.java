// SPDX-License-Identifier: Apache-2.0
/**
 * Products of quantized weights of at most eight bits with float activations.
 *
 * <p>Weights lie in tiles of four vectors of output rows: a 32-bit word of a row's code stream is
 * one lane, so that there is nothing to add across lanes and scales are vectors. For a few tokens
 * the codes are turned into floats in registers; for more tokens a panel is decoded once and
 * multiplied by the register tiles of the dense kernels.
 */
@NullMarked
package io.github.quant4j.kernels.vector.weightonly;

import org.jspecify.annotations.NullMarked;
