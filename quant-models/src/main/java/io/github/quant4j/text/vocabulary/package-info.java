// SPDX-License-Identifier: Apache-2.0
/** Tokens with their ids, and what turns words into them. Not API. */
@NullMarked
package io.github.quant4j.text.vocabulary;

import org.jspecify.annotations.NullMarked;
