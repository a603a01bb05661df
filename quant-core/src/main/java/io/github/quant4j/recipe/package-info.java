// SPDX-License-Identifier: Apache-2.0
/** Whole recipes as text: transforms, weights, activations, compensations. */
@NullMarked
package io.github.quant4j.recipe;

import org.jspecify.annotations.NullMarked;
