// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import org.jspecify.annotations.Nullable;

/**
 * The books that a column's vectors are chosen from.
 *
 * @param main vectors one after the other
 * @param residual those that are added; null for none
 */
record VectorChoice(float[] main, float @Nullable [] residual) {}
