// SPDX-License-Identifier: Apache-2.0
/**
 * Kernels for linear layers: what they are, who provides them, and the scalar ones that define
 * their arithmetic.
 */
@Expert
@NullMarked
package io.github.quant4j.kernel;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
