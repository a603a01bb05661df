// SPDX-License-Identifier: Apache-2.0
/** Perplexity, divergence and agreement of language models; output errors of any network. */
@NullMarked
package io.github.quant4j.evaluate;

import org.jspecify.annotations.NullMarked;
