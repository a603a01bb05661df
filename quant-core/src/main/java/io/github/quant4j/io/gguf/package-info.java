// SPDX-License-Identifier: Apache-2.0
/** GGUF, the file format of ggml and llama.cpp: metadata, tensors, and importance matrices. */
@Expert
@NullMarked
package io.github.quant4j.io.gguf;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
