// SPDX-License-Identifier: Apache-2.0
/** Byte-pair encoding. Not API. */
@NullMarked
package io.github.quant4j.text.bpe;

import org.jspecify.annotations.NullMarked;
