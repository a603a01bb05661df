// SPDX-License-Identifier: Apache-2.0
/** Perplexity, divergence and agreement of language models. */
@NullMarked
package io.github.quant4j.evaluate;

import org.jspecify.annotations.NullMarked;
