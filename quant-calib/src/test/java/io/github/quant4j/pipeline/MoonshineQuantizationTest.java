// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.quantized.ModelVerifier;
import io.github.quant4j.metric.SignalToNoise;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The pipeline on an encoder of samples. */
class MoonshineQuantizationTest {
  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(17);

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "int8:channel:sym rtn; 30",
        "int4:g8:asym gptq(act-order); 8",
        "shift | smooth(0.5) | int8:channel:sym rtn @ int8:token; 22",
        "hadamard | int4:g8:sym gptq; 8"
      })
  void quantizedEncodersComeBack(String recipe, double bound) throws IOException {
    Path source = TestModels.directory("moonshine");
    List<FloatMatrix> inputs =
        List.of(random.gaussianMatrix(5000, 1), random.gaussianMatrix(9100, 1));
    try (SpeechEncoder encoder = SpeechEncoder.open(source)) {
      QuantizationReport report =
          Quantization.of(encoder.graph(), source, inputs, encoder.options().kernels())
              .recipe(recipe)
              .saveTo(directory.resolve("out"));
      assertEquals(12, report.sites().size());
      assertEquals(List.of(), ModelVerifier.verify(directory.resolve("out")));
      try (SpeechEncoder quantized = SpeechEncoder.open(directory.resolve("out"))) {
        FloatMatrix speech = random.gaussianMatrix(7000, 1);
        double decibels = SignalToNoise.decibels(encoder.encode(speech), quantized.encode(speech));
        assertTrue(decibels > bound, () -> decibels + " dB, " + random);
      }
    }
  }
}
