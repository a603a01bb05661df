// SPDX-License-Identifier: Apache-2.0
/**
 * Checkpoints in floating-point formats of 4 and 8 bits: those of ModelOpt and of block-wise FP8.
 */
@NullMarked
package io.github.quant4j.io.quantized.modelopt;

import org.jspecify.annotations.NullMarked;
