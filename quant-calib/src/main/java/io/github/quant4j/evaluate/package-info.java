// SPDX-License-Identifier: Apache-2.0
/**
 * Perplexity, divergence and agreement of language models; word error rates of speech recognizers;
 * output errors of any network.
 */
@Expert
@NullMarked
package io.github.quant4j.evaluate;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
