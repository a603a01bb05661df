// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WaveformTest {

  private static float[] tone(double hertz, int rate, int count) {
    float[] samples = new float[count];
    for (int i = 0; i < count; i++) {
      samples[i] = (float) Math.sin(2 * Math.PI * hertz * i / rate + 0.3);
    }
    return samples;
  }

  /** A tone within both bands is the same tone at the new rate. */
  @ParameterizedTest
  @CsvSource({"8000, 16000, 1000", "8000, 16000, 3000", "44100, 16000, 2000", "16000, 8000, 900"})
  void tonesStayWhatTheyAre(int from, int to, double hertz) {
    Waveform sound = new Waveform(tone(hertz, from, from / 4), from);
    Waveform resampled = sound.resampled(to);
    assertEquals(to, resampled.sampleRate());
    assertEquals(sound.seconds(), resampled.seconds(), 1.0 / to);
    float[] expected = tone(hertz, to, resampled.samples().length);
    // At the ends the filter reaches into silence.
    for (int i = to / 100; i < expected.length - to / 100; i++) {
      assertEquals(expected[i], resampled.samples()[i], 2e-3f, "sample " + i);
    }
  }

  @Test
  void whatTheNewRateCannotHoldIsRemoved() {
    Waveform sound = new Waveform(tone(7000, 16_000, 8000), 16_000);
    float[] resampled = sound.resampled(8000).samples();
    for (int i = 100; i < resampled.length - 100; i++) {
      assertTrue(Math.abs(resampled[i]) < 2e-3, "sample " + i + ": " + resampled[i]);
    }
  }

  @Test
  void constantsStayConstant() {
    float[] ones = new float[500];
    Arrays.fill(ones, 1f);
    float[] resampled = new Waveform(ones, 11_025).resampled(16_000).samples();
    assertEquals(Math.ceilDiv(500 * 16_000, 11_025), resampled.length);
    for (int i = 40; i < resampled.length - 40; i++) {
      assertEquals(1f, resampled[i], 1e-6f);
    }
  }

  @Test
  void edgeCases() {
    Waveform sound = new Waveform(new float[10], 8000);
    assertSame(sound, sound.resampled(8000));
    assertEquals(0, new Waveform(new float[0], 8000).resampled(16_000).samples().length);
    assertThrows(IllegalArgumentException.class, () -> new Waveform(new float[1], 0));
    assertThrows(IllegalArgumentException.class, () -> sound.resampled(-1));
    String ratio =
        assertThrows(
                IllegalArgumentException.class,
                () -> new Waveform(new float[10], 383_987).resampled(16_001))
            .getMessage();
    assertTrue(ratio.contains("simpler ratio"), ratio);
    assertEquals("10 samples at 8000 Hz", sound.toString());
  }
}
