// SPDX-License-Identifier: Apache-2.0
/**
 * What readers of quantized checkpoints have in common: the tensors of a module, patterns of module
 * names, and integers on grids of groups in any order and with scales of any sign.
 */
@NullMarked
package io.github.quant4j.io.quantized.module;

import org.jspecify.annotations.NullMarked;
