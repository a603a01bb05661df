// SPDX-License-Identifier: Apache-2.0
/**
 * Tokenizers of GGUF files: their metadata as a Hugging Face tokenizer file, and a tokenizer file
 * as such metadata. {@link io.github.quant4j.text.gguf.GgufTokenizer} does both.
 */
@Expert
@NullMarked
package io.github.quant4j.text.gguf;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
