// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.speech.SpeechSegments;
import io.github.quant4j.speech.Waveform;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Speech on the command line: a WAV file, or a folder of them. */
final class SpeechFiles {
  private SpeechFiles() {}

  /**
   * Spectrograms of the speech, as long as the encoder takes them; of more than so many, some from
   * everywhere.
   *
   * @param option what says how many
   */
  static List<FloatMatrix> spectrograms(SpeechEncoder encoder, Path path, int most, String option)
      throws IOException {
    if (most < 1) {
      throw new UsageException(option + ": " + most + ", expected at least 1");
    }
    List<Waveform> segments = SpeechSegments.read(path, encoder.maximumSeconds());
    if (segments.isEmpty()) {
      throw new UsageException(path + ": no speech in it, expected at least one sample");
    }
    int count = Math.min(most, segments.size());
    List<FloatMatrix> spectrograms = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int segment = (int) ((long) i * segments.size() / count);
      spectrograms.add(encoder.spectrogram(segments.get(segment)));
    }
    return spectrograms;
  }
}
