// SPDX-License-Identifier: Apache-2.0

/** How a model is opened and what its configuration says. */
@NullMarked
package io.github.quant4j.model.config;

import org.jspecify.annotations.NullMarked;
