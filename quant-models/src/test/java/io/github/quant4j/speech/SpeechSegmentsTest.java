// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SpeechSegmentsTest {
  private static final int RATE = LogMelSpectrogram.SAMPLE_RATE;

  @TempDir private Path directory;

  private static Waveform clip(int samples, float value) {
    float[] values = new float[samples];
    Arrays.fill(values, value);
    return new Waveform(values, RATE);
  }

  @Test
  void clipsFollowEachOtherAfterAPause() {
    List<Waveform> segments =
        SpeechSegments.join(List.of(clip(3000, 1), clip(2000, 2), clip(1500, 3)), 0.5);
    // 3000 + 1600 + 2000 samples fit into 8000, another pause and 1500 do not.
    assertEquals(List.of(6600, 1500), segments.stream().map(s -> s.samples().length).toList());
    float[] first = segments.getFirst().samples();
    assertEquals(1, first[2999]);
    assertEquals(0, first[3000]);
    assertEquals(0, first[4599]);
    assertEquals(2, first[4600]);
    assertEquals(2, first[6599]);
    assertEquals(3, segments.getLast().samples()[0]);
    assertEquals(RATE, segments.getLast().sampleRate());
  }

  @Test
  void longClipsAreCut() {
    List<Waveform> segments = SpeechSegments.join(List.of(clip(100, 1), clip(2500, 2)), 0.0625);
    assertEquals(
        List.of(100, 1000, 1000, 500), segments.stream().map(s -> s.samples().length).toList());
    assertEquals(1500 + 1000, (int) sum(segments.subList(1, 4)) / 2);
  }

  private static double sum(List<Waveform> segments) {
    double sum = 0;
    for (Waveform segment : segments) {
      for (float sample : segment.samples()) {
        sum += sample;
      }
    }
    return sum;
  }

  @Test
  void otherRatesAreResampled() {
    Waveform half = new Waveform(new float[800], RATE / 2);
    assertEquals(1600, SpeechSegments.join(List.of(half), 1).getFirst().samples().length);
  }

  @Test
  void nothingGivesNothing() {
    assertTrue(SpeechSegments.join(List.of(), 1).isEmpty());
    assertTrue(SpeechSegments.join(List.of(clip(0, 1)), 1).isEmpty());
    Waveform between =
        SpeechSegments.join(List.of(clip(10, 1), clip(0, 1), clip(10, 1)), 1).getFirst();
    assertEquals(10 + 1600 + 10, between.samples().length);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -1, 1e-9, 1e9, Double.NaN})
  void lengthsThatMakeNoSenseAreRefused(double seconds) {
    assertThrows(IllegalArgumentException.class, () -> SpeechSegments.join(List.of(), seconds));
  }

  @Test
  void foldersWithoutSpeechAreRefused() throws Exception {
    Files.writeString(directory.resolve("readme.txt"), "no speech");
    AudioFileException error =
        assertThrows(AudioFileException.class, () -> SpeechSegments.read(directory, 30));
    assertTrue(String.valueOf(error.getMessage()).contains(".wav"), error::getMessage);
    assertThrows(
        AudioFileException.class, () -> SpeechSegments.read(directory.resolve("none.wav"), 30));
  }
}
