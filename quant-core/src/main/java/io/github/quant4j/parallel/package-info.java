// SPDX-License-Identifier: Apache-2.0
/** Splitting numeric work over threads. */
@NullMarked
package io.github.quant4j.parallel;

import org.jspecify.annotations.NullMarked;
