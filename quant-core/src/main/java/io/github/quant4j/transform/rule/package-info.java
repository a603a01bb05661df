// SPDX-License-Identifier: Apache-2.0

/**
 * Rules that compute transforms of a layer's input from calibration statistics: smoothing
 * (SmoothQuant, AWQ), rotations (QuaRot's Hadamard matrices, principal axes), shifts, permutations.
 */
@NullMarked
package io.github.quant4j.transform.rule;

import org.jspecify.annotations.NullMarked;
