// SPDX-License-Identifier: Apache-2.0
/** Rounding: choosing codes on a given grid. */
@Expert
@NullMarked
package io.github.quant4j.rounding;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
