// SPDX-License-Identifier: Apache-2.0
/**
 * What calibration knows of the inputs of a linear layer, in closed form: the Hessian (the Gram
 * matrix of the inputs), channel ranges, and tokens that are kept.
 */
@Expert
@NullMarked
package io.github.quant4j.statistic;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
