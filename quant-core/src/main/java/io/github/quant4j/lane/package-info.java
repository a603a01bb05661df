// SPDX-License-Identifier: Apache-2.0
/**
 * Loops over arrays that the JIT compiler turns into vector code.
 *
 * <p>HotSpot 25 vectorises a loop only if it can tell that its stores do not reach its loads: all
 * arrays must be indexed by the loop variable alone. With an offset of its own for each array the
 * same loop runs one element at a time, at a fifth of the speed. Hence the shape of everything
 * here: separate short arrays, the same index in all of them.
 */
@NullMarked
package io.github.quant4j.lane;

import org.jspecify.annotations.NullMarked;
