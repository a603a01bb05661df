// SPDX-License-Identifier: Apache-2.0
/** WordPiece: the longest token first. Not API. */
@NullMarked
package io.github.quant4j.text.wordpiece;

import org.jspecify.annotations.NullMarked;
