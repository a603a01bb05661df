// SPDX-License-Identifier: Apache-2.0
/** Comparing recipes on one model: accuracy against size, bit operations and time. */
@NullMarked
package io.github.quant4j.study;

import org.jspecify.annotations.NullMarked;
