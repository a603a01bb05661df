// SPDX-License-Identifier: Apache-2.0
/**
 * From what a model hears to text: prompts, the rules of time stamps, greedy and beam search,
 * temperature fallback, and windows that follow each other over a long recording.
 */
@Expert
@NullMarked
package io.github.quant4j.transcribe;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
