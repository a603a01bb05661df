// SPDX-License-Identifier: Apache-2.0
/** Quantizers: a scheme, a search and a chain of roundings, applied to weight matrices. */
@Expert
@NullMarked
package io.github.quant4j.quantize;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
