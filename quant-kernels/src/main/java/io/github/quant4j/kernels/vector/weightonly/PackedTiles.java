// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.kernels.vector.weightonly;

import org.jspecify.annotations.Nullable;

/**
 * The packed weights of a matrix: {@code scale * (code - zero) + offset}.
 *
 * @param words the codes
 * @param scales the scales
 * @param zeros the zero points, null if there are none
 * @param offsets what is added, null if nothing is
 */
record PackedTiles(
    WordTiles words, GroupTable scales, @Nullable GroupTable zeros, @Nullable GroupTable offsets) {

  static PackedTiles of(WordTiles words, ParameterTable scales, @Nullable ParameterTable zeros) {
    return new PackedTiles(words, scales, zeros, null);
  }
}
