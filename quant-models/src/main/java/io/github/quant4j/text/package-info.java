// SPDX-License-Identifier: Apache-2.0
/**
 * Tokenizers: text to ids and back, in pure Java. {@link io.github.quant4j.text.TokenizerFile}
 * reads them, {@link io.github.quant4j.text.Tokenizer} is what they do, {@link
 * io.github.quant4j.text.StreamingDecoder} shows text while it is generated.
 *
 * <p>A text passes the stages of its file in order, each a package of its own: added tokens are cut
 * out, the rest is normalized, split into words by the pre-tokenizer and encoded by the model; the
 * post-processor puts special tokens around the ids. The decoder goes the way back.
 */
@Expert
@NullMarked
package io.github.quant4j.text;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
