// SPDX-License-Identifier: Apache-2.0
/** Reading of tokenizer files with messages that say where. Not API. */
@NullMarked
package io.github.quant4j.text.file;

import org.jspecify.annotations.NullMarked;
