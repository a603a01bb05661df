// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.speech.WaveFile;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The encoder of Whisper base against another implementation, on eleven seconds of speech. */
@Tag("conformance")
class SpeechEncoderConformanceTest {
  private static final String MODEL = "data/models/whisper-base-encoder";
  private static final String SPEECH = "data/speech/jfk.wav";

  private static FloatMatrix reference(String tensor) throws IOException {
    try (SafetensorsFile file =
        SafetensorsFile.open(SharedData.path("fixtures/whisper/jfk-reference.safetensors"))) {
      return file.require(tensor).toMatrix();
    }
  }

  private static double largestDifference(FloatMatrix expected, FloatMatrix actual) {
    assertEquals(expected.toString(), actual.toString());
    double largest = 0;
    for (int i = 0; i < expected.data().length; i++) {
      largest = Math.max(largest, Math.abs(expected.data()[i] - actual.data()[i]));
    }
    return largest;
  }

  @Test
  void theSpectrogramIsThatOfTheReference() throws IOException {
    try (SpeechEncoder encoder = SpeechEncoder.open(SharedData.path(MODEL))) {
      FloatMatrix found = encoder.spectrogram(WaveFile.read(SharedData.path(SPEECH)));
      double difference = largestDifference(reference("log_mel").transpose(), found);
      // The reference is in binary32, whose rounding shows in the faintest bins.
      assertTrue(difference < 3e-5, "difference " + difference);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"scalar", "auto"})
  void featuresAreThoseOfTheReference(String kernels) throws IOException {
    try (SpeechEncoder encoder =
        SpeechEncoder.open(SharedData.path(MODEL), ModelOptions.defaults().withKernels(kernels))) {
      FloatMatrix expected = reference("encoder_out_first_550");
      FloatMatrix found = encoder.encode(reference("log_mel").transpose()).rowRange(0, 550);
      double difference = largestDifference(expected, found);
      double ratio = SignalToNoise.decibels(expected, found);
      System.out.printf("%s: largest difference %.2g, %.1f dB%n", kernels, difference, ratio);
      assertTrue(difference < 1e-3, "difference " + difference);
      assertTrue(ratio > 90, "SQNR " + ratio);
    }
  }
}
