// SPDX-License-Identifier: Apache-2.0
/** Checkpoints of gpt-oss: experts in MXFP4, all of them in one tensor. */
@NullMarked
package io.github.quant4j.io.quantized.mxfp4;

import org.jspecify.annotations.NullMarked;
