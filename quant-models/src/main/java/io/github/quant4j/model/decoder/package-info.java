// SPDX-License-Identifier: Apache-2.0

/** Decoders of any family: shapes as data, and the one program that runs them. */
@NullMarked
package io.github.quant4j.model.decoder;

import org.jspecify.annotations.NullMarked;
