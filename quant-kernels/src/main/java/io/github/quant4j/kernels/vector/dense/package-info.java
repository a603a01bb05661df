// SPDX-License-Identifier: Apache-2.0
/**
 * Single-precision products: register tiles, packed panels, dense linear layers and online
 * rotations.
 */
@NullMarked
package io.github.quant4j.kernels.vector.dense;

import org.jspecify.annotations.NullMarked;
