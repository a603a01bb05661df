// SPDX-License-Identifier: Apache-2.0

/** Decoders of the Llama family: Llama, Mistral, Qwen2 and Qwen3. */
@NullMarked
package io.github.quant4j.model.llama;

import org.jspecify.annotations.NullMarked;
