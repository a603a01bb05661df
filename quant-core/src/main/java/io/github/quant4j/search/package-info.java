// SPDX-License-Identifier: Apache-2.0
/** Searches for scales and zero points: the ranges that a grid should cover. */
@Expert
@NullMarked
package io.github.quant4j.search;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
