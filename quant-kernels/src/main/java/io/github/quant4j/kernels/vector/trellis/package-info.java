// SPDX-License-Identifier: Apache-2.0
/**
 * Trellis-coded weights ({@link io.github.quant4j.format.TrellisCode}) times float activations, and
 * the packed form that the kernels for integer activations read as well.
 */
@NullMarked
package io.github.quant4j.kernels.vector.trellis;

import org.jspecify.annotations.NullMarked;
