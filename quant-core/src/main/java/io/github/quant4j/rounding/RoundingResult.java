// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.matrix.Grid;

/**
 * What a rounding chose.
 *
 * @param grid the grid of the codes: that of the task, unless the rounding fits scales as it goes
 * @param codes one code in a byte, row-major
 * @param report what happened
 */
public record RoundingResult(Grid grid, byte[] codes, RoundingReport report) {}
