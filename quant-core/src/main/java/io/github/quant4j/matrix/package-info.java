// SPDX-License-Identifier: Apache-2.0
/** Quantized weight matrices: grids of values, packed codes, and the two together. */
@Expert
@NullMarked
package io.github.quant4j.matrix;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
