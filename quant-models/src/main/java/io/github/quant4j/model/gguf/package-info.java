// SPDX-License-Identifier: Apache-2.0

/**
 * Models in GGUF files: what llama.cpp calls their architectures, members and tensors, as data that
 * is used both ways, and such a file as a model of the library.
 */
@NullMarked
package io.github.quant4j.model.gguf;

import org.jspecify.annotations.NullMarked;
