// SPDX-License-Identifier: Apache-2.0
/**
 * Number formats: finite sets of values with a code for each, free of scales, rounding and packing.
 */
@NullMarked
package io.github.quant4j.format;

import org.jspecify.annotations.NullMarked;
