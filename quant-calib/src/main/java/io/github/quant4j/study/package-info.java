// SPDX-License-Identifier: Apache-2.0
/** Comparing recipes on one model: accuracy against size, bit operations and time. */
@Expert
@NullMarked
package io.github.quant4j.study;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
