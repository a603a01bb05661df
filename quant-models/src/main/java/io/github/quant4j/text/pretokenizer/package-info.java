// SPDX-License-Identifier: Apache-2.0
/** Pre-tokenizers: how a text is split into the words that the model sees. Not API. */
@NullMarked
package io.github.quant4j.text.pretokenizer;

import org.jspecify.annotations.NullMarked;
