// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.List;

/**
 * A text that a search has found.
 *
 * @param tokens behind the prompt, without the end
 * @param averageLogProbability mean over the tokens, the end included if it was written
 */
record Hypothesis(List<Integer> tokens, double averageLogProbability) {
  Hypothesis {
    tokens = List.copyOf(tokens);
  }
}
