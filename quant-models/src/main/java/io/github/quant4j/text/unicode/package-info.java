// SPDX-License-Identifier: Apache-2.0
/** What tokenizers need to know of Unicode, as Hugging Face's implementation knows it. Not API. */
@NullMarked
package io.github.quant4j.text.unicode;

import org.jspecify.annotations.NullMarked;
