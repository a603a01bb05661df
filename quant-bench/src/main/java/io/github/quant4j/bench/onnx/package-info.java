// SPDX-License-Identifier: Apache-2.0
/**
 * ONNX Runtime as a peer: models of one {@code MatMulNBits} node, made in memory from our own
 * quantized matrices.
 */
@NullMarked
package io.github.quant4j.bench.onnx;

import org.jspecify.annotations.NullMarked;
