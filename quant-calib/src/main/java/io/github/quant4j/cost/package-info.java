// SPDX-License-Identifier: Apache-2.0
/** What a pass through a whole model costs, as cost models count it. */
@Expert
@NullMarked
package io.github.quant4j.cost;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
