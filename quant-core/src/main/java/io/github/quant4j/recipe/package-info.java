// SPDX-License-Identifier: Apache-2.0
/** Whole recipes as text: transforms, weights, activations, compensations. */
@Expert
@NullMarked
package io.github.quant4j.recipe;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
