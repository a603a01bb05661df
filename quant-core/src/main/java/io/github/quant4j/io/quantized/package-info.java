// SPDX-License-Identifier: Apache-2.0
/**
 * Quantized models on disk: linear layers as named tensors and a {@code quantization_config}, in
 * the compressed-tensors schema where that can say it and in one of our own otherwise.
 */
@Expert
@NullMarked
package io.github.quant4j.io.quantized;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
