// SPDX-License-Identifier: Apache-2.0
/** A network of ND4J arrays whose dense layers are quantized and served by the library. */
@NullMarked
package io.github.quant4j.examples.nd4j;

import org.jspecify.annotations.NullMarked;
