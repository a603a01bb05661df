// SPDX-License-Identifier: Apache-2.0
/** File formats: safetensors, model directories, and quantized checkpoints. */
@NullMarked
package io.github.quant4j.io;

import org.jspecify.annotations.NullMarked;
