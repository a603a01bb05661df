// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.rounding;

import io.github.quant4j.tensor.FloatMatrix;
import java.util.BitSet;

/**
 * What error feedback chose when it kept some weights apart.
 *
 * @param rounding grid and codes; the codes of kept weights are those nearest to zero
 * @param places which weights are kept, by row-major position
 * @param values what is added to the decoded matrix, {@code [out, in]}; zero elsewhere
 * @param threshold from which cost of its rounding a weight is kept, relative to the mean over the
 *     columns of the weights' variance times the same cost
 */
public record OutlierRoundingResult(
    RoundingResult rounding, BitSet places, FloatMatrix values, double threshold) {}
