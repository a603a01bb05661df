// SPDX-License-Identifier: Apache-2.0
/**
 * Linear layers as they are stored and served: a sum of weight terms, a bias, and how the input is
 * quantized.
 */
@Expert
@NullMarked
package io.github.quant4j.linear;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
