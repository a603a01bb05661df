// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.List;
import java.util.Optional;

/**
 * What was said in a recording.
 *
 * @param text all of it, without space at its ends
 * @param language the code of the language that was given or detected; empty for a model of one
 *     language
 * @param segments the parts in the order of time; none if nothing was said
 */
public record Transcription(
    String text, Optional<String> language, List<TranscriptionSegment> segments) {

  /** Copies the segments. */
  public Transcription {
    segments = List.copyOf(segments);
  }
}
