// SPDX-License-Identifier: Apache-2.0
/** Quantized weight matrices: grids of values, packed codes, and the two together. */
@NullMarked
package io.github.quant4j.matrix;

import org.jspecify.annotations.NullMarked;
