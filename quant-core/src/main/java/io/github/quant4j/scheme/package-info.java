// SPDX-License-Identifier: Apache-2.0
/**
 * Quantization schemes: which number format, which elements share a scale, and how scales and zero
 * points are stored.
 */
@NullMarked
package io.github.quant4j.scheme;

import org.jspecify.annotations.NullMarked;
