// SPDX-License-Identifier: Apache-2.0
/** Rounding: choosing codes on a given grid. */
@NullMarked
package io.github.quant4j.rounding;

import org.jspecify.annotations.NullMarked;
