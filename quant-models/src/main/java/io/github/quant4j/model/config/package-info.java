// SPDX-License-Identifier: Apache-2.0

/** How a model is opened and what its configuration says. */
@Expert
@NullMarked
package io.github.quant4j.model.config;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
