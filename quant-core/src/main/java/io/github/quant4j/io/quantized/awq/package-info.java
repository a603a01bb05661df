// SPDX-License-Identifier: Apache-2.0
/** Checkpoints of AWQ, as AutoAWQ, GPTQModel and AutoRound write them, in three layouts. */
@NullMarked
package io.github.quant4j.io.quantized.awq;

import org.jspecify.annotations.NullMarked;
