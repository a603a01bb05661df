// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.speech;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.apache.commons.math3.complex.Complex;
import org.apache.commons.math3.transform.DftNormalization;
import org.apache.commons.math3.transform.FastFourierTransformer;
import org.apache.commons.math3.transform.TransformType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogMelSpectrogramTest {

  @Test
  void isThatOfTheOracle() throws IOException {
    try (SafetensorsFile file =
        SafetensorsFile.open(Path.of("src/test/resources/speech/log-mel.safetensors"))) {
      int[] integers = file.require("samples").toIntArray();
      float[] samples = new float[integers.length];
      for (int i = 0; i < samples.length; i++) {
        samples[i] = integers[i] / 32_768f;
      }
      FloatMatrix expected = file.require("log_mel").toMatrix();
      FloatMatrix found = LogMelSpectrogram.ofBins(80).of(new Waveform(samples, 16_000));
      assertEquals(expected.toString(), found.toString());
      assertArrayEquals(expected.data(), found.data(), 1e-6f);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 64, 512})
  void powerSpectraAreThoseOfCommonsMath(int size) {
    SeededRandom random = new SeededRandom(21);
    double[] x = new double[size];
    for (int i = 0; i < size; i++) {
      x[i] = random.nextGaussian();
    }
    RealSpectrum spectrum = new RealSpectrum(size);
    double[] power = new double[spectrum.frequencies()];
    spectrum.power(x, new double[spectrum.workspace()], power);
    Complex[] expected =
        new FastFourierTransformer(DftNormalization.STANDARD).transform(x, TransformType.FORWARD);
    for (int k = 0; k < power.length; k++) {
      double magnitude = expected[k].abs();
      assertEquals(magnitude * magnitude, power[k], 1e-11 * size * size, random + ", " + k);
    }
  }

  /** Lengths that are no powers of two, a prime among them, by Parseval's theorem and a tone. */
  @ParameterizedTest
  @ValueSource(ints = {3, 7, 30, 400, 441})
  void powerSpectraOfAnyLengthKeepTheEnergy(int size) {
    SeededRandom random = new SeededRandom(22);
    double[] x = new double[size];
    double energy = 0;
    for (int i = 0; i < size; i++) {
      x[i] = random.nextGaussian();
      energy += x[i] * x[i];
    }
    RealSpectrum spectrum = new RealSpectrum(size);
    double[] power = new double[spectrum.frequencies()];
    spectrum.power(x, new double[spectrum.workspace()], power);
    double sum = 0;
    for (int k = 0; k < power.length; k++) {
      sum += k == 0 || 2 * k == size ? power[k] : 2 * power[k];
    }
    assertEquals(size * energy, sum, 1e-10 * sum, random.toString());
    for (int i = 0; i < size; i++) {
      x[i] = Math.cos(2 * Math.PI * i / size + 1);
    }
    spectrum.power(x, new double[spectrum.workspace()], power);
    for (int k = 0; k < power.length; k++) {
      assertEquals(k == 1 ? size * (size / 4.0) : 0, power[k], 1e-9 * size * size, size + ", " + k);
    }
  }

  @Test
  void soundIsPaddedAndCut() {
    SeededRandom random = new SeededRandom(23);
    float[] samples = random.gaussians(1700);
    LogMelSpectrogram spectrogram = LogMelSpectrogram.ofBins(20);
    Waveform sound = new Waveform(samples, 16_000);
    assertEquals(10, spectrogram.of(sound).rows());
    assertArrayEquals(
        spectrogram.of(new Waveform(Arrays.copyOf(samples, 3200), 16_000)).data(),
        spectrogram.of(sound, 20).data());
    assertArrayEquals(
        spectrogram.of(new Waveform(Arrays.copyOf(samples, 1600), 16_000)).data(),
        spectrogram.of(sound, 10).data());
    FloatMatrix silence = spectrogram.of(new Waveform(new float[0], 16_000), 3);
    for (float value : silence.data()) {
      assertEquals(-1.5f, value);
    }
    // A single frame is mirrored more than once.
    assertTrue(spectrogram.of(sound, 1).isFinite());
  }

  @Test
  void badSizesAreRefused() {
    LogMelSpectrogram spectrogram = LogMelSpectrogram.ofBins(80);
    Waveform sound = new Waveform(new float[159], 16_000);
    assertThrows(IllegalArgumentException.class, () -> LogMelSpectrogram.ofBins(0));
    assertThrows(IllegalArgumentException.class, () -> spectrogram.of(sound));
    assertThrows(IllegalArgumentException.class, () -> spectrogram.of(sound, 0));
    assertThrows(IllegalArgumentException.class, () -> spectrogram.of(sound, 1 << 30));
  }
}
