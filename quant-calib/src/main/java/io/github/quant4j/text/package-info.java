// SPDX-License-Identifier: Apache-2.0
/** Tokenizers. */
@NullMarked
package io.github.quant4j.text;

import org.jspecify.annotations.NullMarked;
