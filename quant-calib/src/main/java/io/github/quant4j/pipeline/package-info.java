// SPDX-License-Identifier: Apache-2.0
/**
 * Quantizes whole models: a plan is made and checked, then one block after the other is calibrated
 * on what the quantized blocks before it produce, quantized and stored. {@link
 * io.github.quant4j.pipeline.Quantization} is where to begin.
 */
@Expert
@NullMarked
package io.github.quant4j.pipeline;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
