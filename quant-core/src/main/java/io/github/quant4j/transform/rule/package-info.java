// SPDX-License-Identifier: Apache-2.0

/**
 * Rules that compute transforms of a layer's input from calibration statistics: smoothing
 * (SmoothQuant, AWQ), rotations (QuaRot's Hadamard matrices, principal axes), shifts, permutations.
 */
@Expert
@NullMarked
package io.github.quant4j.transform.rule;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
