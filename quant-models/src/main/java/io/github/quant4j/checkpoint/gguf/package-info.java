// SPDX-License-Identifier: Apache-2.0

/** What the tensors of a GGUF file are stored as, and where their rows come from. */
@NullMarked
package io.github.quant4j.checkpoint.gguf;

import org.jspecify.annotations.NullMarked;
