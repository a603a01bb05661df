// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestEncoders;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpeechStudyTest {
  private static final ModelOptions OPTIONS = ModelOptions.defaults().withThreads(1);

  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(23);
  private final List<FloatMatrix> calibration = List.of(random.gaussianMatrix(48, 8));
  private final List<FloatMatrix> speech = List.of(random.gaussianMatrix(48, 8));

  @Test
  void rowsAreThoseOfTheirEncoders() throws IOException {
    Path target = directory.resolve("out");
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      SpeechStudy study = SpeechStudy.of(encoder, calibration, speech);
      SpeechStudy.Row original = study.original();
      SpeechStudy.Row wide = study.measure("int8:channel:sym rtn @ int8:token", target);
      SpeechStudy.Row narrow = study.measure("int2:g16:sym gptq", target);
      try (SpeechEncoder last = SpeechEncoder.open(target, OPTIONS)) {
        double decibels =
            SignalToNoise.decibels(
                encoder.encode(speech.getFirst()), last.encode(speech.getFirst()));
        assertEquals(decibels, narrow.sqnr(), 1e-3, random.toString());
        assertEquals(decibels, narrow.worst(), 1e-3, random.toString());
      }
      assertEquals(Double.POSITIVE_INFINITY, original.sqnr());
      assertTrue(wide.sqnr() > narrow.sqnr() + 6, random.toString());
      assertTrue(wide.bytes() > narrow.bytes());
      assertEquals(3.0, narrow.bitsPerWeight(), 1e-9);
      // 16 x 16 bits against 3 x 16.
      assertEquals(
          original.operations().product() * 3 / 16,
          narrow.operations().product(),
          1e-6 * original.operations().product());
    }
  }

  @Test
  void speechIsNeeded() {
    try (SpeechEncoder encoder = TestEncoders.open("whisper-prefixed", OPTIONS)) {
      for (boolean calibrated : new boolean[] {false, true}) {
        IllegalArgumentException error =
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    SpeechStudy.of(
                        encoder,
                        calibrated ? calibration : List.of(),
                        calibrated ? List.of() : speech));
        assertTrue(
            String.valueOf(error.getMessage()).startsWith(calibrated ? "speech" : "calibration"),
            error::getMessage);
      }
    }
  }
}
