// SPDX-License-Identifier: Apache-2.0
/** Tokens that are found in a text before the model sees it. Not API. */
@NullMarked
package io.github.quant4j.text.added;

import org.jspecify.annotations.NullMarked;
