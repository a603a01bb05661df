// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.List;

/**
 * A part of a transcription.
 *
 * @param start when it begins, in seconds
 * @param end when it ends, in seconds
 * @param text what is said, as the model spells it, usually with a space before it
 * @param tokens what the model wrote, time stamps included
 * @param temperature at which its window was decoded
 * @param averageLogProbability mean natural logarithm of the probability of the tokens of its
 *     window, the end included
 * @param compressionRatio by what factor zlib shortens the text of its window
 * @param noSpeechProbability how probable it is that its window is silence; 0 if the model has no
 *     token for silence
 */
public record TranscriptionSegment(
    double start,
    double end,
    String text,
    List<Integer> tokens,
    double temperature,
    double averageLogProbability,
    double compressionRatio,
    double noSpeechProbability) {

  /** Copies the tokens. */
  public TranscriptionSegment {
    tokens = List.copyOf(tokens);
  }
}
