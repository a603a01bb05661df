// SPDX-License-Identifier: Apache-2.0
/** Checkpoints of MLX: integers in groups, each with a scale and an offset. */
@NullMarked
package io.github.quant4j.io.quantized.mlx;

import org.jspecify.annotations.NullMarked;
