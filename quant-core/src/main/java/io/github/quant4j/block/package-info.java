// SPDX-License-Identifier: Apache-2.0
/** The block types of ggml: runs of weights that share scales, as they lie in GGUF files. */
@Expert
@NullMarked
package io.github.quant4j.block;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
