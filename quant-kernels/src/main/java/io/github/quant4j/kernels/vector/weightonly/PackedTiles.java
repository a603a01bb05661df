// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import org.jspecify.annotations.Nullable;

/**
 * The packed weights of a matrix.
 *
 * @param words the codes
 * @param scales the scales
 * @param zeros the zero points, null if there are none
 */
record PackedTiles(WordTiles words, ParameterTable scales, @Nullable ParameterTable zeros) {}
