// SPDX-License-Identifier: Apache-2.0
/** Sampling from models that predict the next token, and text that a model writes for itself. */
@Expert
@NullMarked
package io.github.quant4j.generate;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
