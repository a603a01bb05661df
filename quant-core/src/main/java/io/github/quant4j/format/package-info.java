// SPDX-License-Identifier: Apache-2.0
/**
 * Number formats: finite sets of values with a code for each, free of scales, rounding and packing.
 */
@Expert
@NullMarked
package io.github.quant4j.format;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
