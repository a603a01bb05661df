// SPDX-License-Identifier: Apache-2.0
/** Which recipe each layer gets, so that a model loses least within a budget. */
@Expert
@NullMarked
package io.github.quant4j.allocate;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
