// SPDX-License-Identifier: Apache-2.0
/**
 * Integer weights times integer activations, bit for bit as {@link
 * io.github.quant4j.kernel.IntegerArithmetic} defines it.
 *
 * <p>A kernel is made of replaceable steps. {@link
 * io.github.quant4j.kernels.vector.integer.TokenQuantizer} turns tokens into integers. A family of
 * {@link io.github.quant4j.kernels.vector.integer.SegmentSums} (nibble, crumb and byte
 * multiplication, bit-plane lookup, lookup of ternary digits, bit-plane popcount) packs the
 * weights, makes its operands from the integers, and computes the exact sum of each segment. {@link
 * io.github.quant4j.kernels.vector.integer.RowParameters} holds what belongs to rows and segments:
 * zero points go in before the sums, scales come after. {@link
 * io.github.quant4j.kernels.vector.integer.IntegerKernels} picks the family by cost.
 *
 * <p>In all families output rows lie in vector lanes, so that no sum ever crosses lanes and the
 * float operations are those of the definition, in its order.
 */
@NullMarked
package io.github.quant4j.kernels.vector.integer;

import org.jspecify.annotations.NullMarked;
