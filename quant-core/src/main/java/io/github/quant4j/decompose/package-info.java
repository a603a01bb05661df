// SPDX-License-Identifier: Apache-2.0

/**
 * How a layer is taken apart into terms: the steps of a recipe that fit quantized, sparse, dense
 * and low-rank terms to what the terms before them leave over. What comes out is data of {@code
 * linear}.
 */
@Expert
@NullMarked
package io.github.quant4j.decompose;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
