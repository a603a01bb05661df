// SPDX-License-Identifier: Apache-2.0
/** Decoders: from tokens back to text. Not API. */
@NullMarked
package io.github.quant4j.text.decoder;

import org.jspecify.annotations.NullMarked;
