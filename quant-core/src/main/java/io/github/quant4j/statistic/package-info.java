// SPDX-License-Identifier: Apache-2.0
/** What calibration knows of the inputs of a linear layer, in closed form. */
@Expert
@NullMarked
package io.github.quant4j.statistic;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
