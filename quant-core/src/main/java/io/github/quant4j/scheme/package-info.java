// SPDX-License-Identifier: Apache-2.0
/**
 * Quantization schemes: which number format, which elements share a scale, and how scales and zero
 * points are stored.
 */
@Expert
@NullMarked
package io.github.quant4j.scheme;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
