// SPDX-License-Identifier: Apache-2.0

/**
 * What the machine offers to kernels: vector shapes, memory of packed weights, the virtual machine.
 */
@NullMarked
package io.github.quant4j.kernels.vector.machine;

import org.jspecify.annotations.NullMarked;
