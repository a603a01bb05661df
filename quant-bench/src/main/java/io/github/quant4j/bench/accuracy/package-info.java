// SPDX-License-Identifier: Apache-2.0
/** Accuracy, bit operations and measured time of recipes, in one run. */
@NullMarked
package io.github.quant4j.bench.accuracy;

import org.jspecify.annotations.NullMarked;
