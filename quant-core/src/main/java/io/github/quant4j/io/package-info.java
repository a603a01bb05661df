// SPDX-License-Identifier: Apache-2.0
/** File formats: safetensors, model directories, and quantized checkpoints. */
@Expert
@NullMarked
package io.github.quant4j.io;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
