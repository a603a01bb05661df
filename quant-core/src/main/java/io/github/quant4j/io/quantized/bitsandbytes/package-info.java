// SPDX-License-Identifier: Apache-2.0
/** Checkpoints of bitsandbytes: 4-bit code books and 8-bit integers. */
@NullMarked
package io.github.quant4j.io.quantized.bitsandbytes;

import org.jspecify.annotations.NullMarked;
