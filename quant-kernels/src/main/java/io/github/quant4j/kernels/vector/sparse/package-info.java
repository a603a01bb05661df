// SPDX-License-Identifier: Apache-2.0
/**
 * Products of mostly empty matrices with float activations: the outliers beside quantized weights.
 */
@NullMarked
package io.github.quant4j.kernels.vector.sparse;

import org.jspecify.annotations.NullMarked;
