// SPDX-License-Identifier: Apache-2.0

/** The encoder of Moonshine. */
@NullMarked
package io.github.quant4j.model.moonshine;

import org.jspecify.annotations.NullMarked;
