// SPDX-License-Identifier: Apache-2.0
/**
 * Named, typed tensors over memory segments, and dense float matrices on the heap.
 *
 * <p>Matrices are row-major. Weights are {@code [out, in]}, activations {@code [tokens, in]}, and a
 * linear layer computes {@code y = x W^T + b}.
 */
@Expert
@NullMarked
package io.github.quant4j.tensor;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
