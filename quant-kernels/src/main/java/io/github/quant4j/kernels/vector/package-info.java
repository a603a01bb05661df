// SPDX-License-Identifier: Apache-2.0
/** Kernels on the Vector API. Nothing here is API: get kernels from {@code Kernels}. */
@NullMarked
package io.github.quant4j.kernels.vector;

import org.jspecify.annotations.NullMarked;
