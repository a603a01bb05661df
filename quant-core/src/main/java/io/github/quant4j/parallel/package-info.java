// SPDX-License-Identifier: Apache-2.0
/** Splitting numeric work over threads. */
@Expert
@NullMarked
package io.github.quant4j.parallel;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
