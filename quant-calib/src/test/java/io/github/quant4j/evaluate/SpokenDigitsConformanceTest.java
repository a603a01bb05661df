// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.pipeline.Quantization;
import io.github.quant4j.speech.SpeechSegments;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spoken digits of a speaker whom the probe has not heard, over the encoder of Whisper base. */
@Tag("conformance")
class SpokenDigitsConformanceTest {
  @TempDir private Path directory;

  @Test
  void digitsAreRecognized() throws IOException {
    try (SpeechEncoder original =
        SpeechEncoder.open(SharedData.path("data/models/whisper-base-encoder"))) {
      List<LabeledSound> train = LabeledSounds.read(SharedData.path("data/speech/train"));
      List<LabeledSound> test = LabeledSounds.read(SharedData.path("data/speech/test"));
      assertEquals(360, train.size());
      assertEquals(120, test.size());
      FloatMatrix speech =
          original.spectrogram(
              SpeechSegments.read(SharedData.path("data/speech/train"), 30).getFirst());
      Path target = directory.resolve("int4");
      Quantization.of(
              original.graph(),
              original.directory().orElseThrow(),
              List.of(speech),
              original.options().kernels())
          .recipe("int4:g64:sym mse rtn")
          .saveTo(target);
      try (SpeechEncoder quantized = SpeechEncoder.open(target)) {
        SpeechClassification.Result result =
            SpeechClassification.of(original, train).run(quantized, test);
        assertTrue(result.originalAccuracy() >= 0.95, () -> "" + result.originalAccuracy());
        assertTrue(result.accuracy() >= 0.9, () -> "" + result.accuracy());
        assertTrue(result.agreement() >= 0.9, () -> "" + result.agreement());
      }
    }
  }
}
