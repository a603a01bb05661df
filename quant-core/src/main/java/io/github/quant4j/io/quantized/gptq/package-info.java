// SPDX-License-Identifier: Apache-2.0
/** Checkpoints of GPTQ, as AutoGPTQ and GPTQModel write them. */
@NullMarked
package io.github.quant4j.io.quantized.gptq;

import org.jspecify.annotations.NullMarked;
