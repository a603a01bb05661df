// SPDX-License-Identifier: Apache-2.0
/** How much a model loses when one layer is quantized. */
@Expert
@NullMarked
package io.github.quant4j.sensitivity;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
