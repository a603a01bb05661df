// SPDX-License-Identifier: Apache-2.0
/** Regular expressions in the syntax of Oniguruma, as tokenizer files spell them. Not API. */
@NullMarked
package io.github.quant4j.text.regex;

import org.jspecify.annotations.NullMarked;
