// SPDX-License-Identifier: Apache-2.0
/** ND4J's single-precision product (OpenBLAS) as a peer of our dense kernels. */
@NullMarked
package io.github.quant4j.bench.nd4j;

import org.jspecify.annotations.NullMarked;
