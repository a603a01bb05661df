// SPDX-License-Identifier: Apache-2.0
/** Weights on disk in the order of the kernels that read them, to be served from a mapped file. */
@NullMarked
package io.github.quant4j.io.packed;

import org.jspecify.annotations.NullMarked;
