// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.decoder.Configurations;
import io.github.quant4j.testing.SharedData;
import io.github.quant4j.testing.models.TestModels;
import io.github.quant4j.testing.models.TestModels.Expected;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real models against the logits of the reference implementation. */
@Tag("conformance")
class LanguageModelConformanceTest {

  @ParameterizedTest
  @CsvSource({
    "gutenberg-5m, scalar", "gutenberg-5m, auto",
    "stories260k, scalar", "stories260k, auto",
    "tiny1m, scalar", "tiny1m, auto"
  })
  void logitsAreThoseOfTheReference(String name, String kernels) {
    Path directory = SharedData.path("data/models/" + name);
    Expected expected = Expected.read(SharedData.path("fixtures/lm/" + name + ".safetensors"));
    try (LanguageModel model =
        LanguageModel.of(
            Configurations.of(directory),
            TestModels.weights(directory),
            ModelOptions.defaults().withKernels(kernels))) {
      int at = 0;
      for (int[] tokens : expected.tokens()) {
        float[] logits = model.logits(tokens).data();
        float[] wanted = Arrays.copyOfRange(expected.logits(), at, at + logits.length);
        assertArrayEquals(wanted, logits, 1e-3f, name);
        at += logits.length;
      }
    }
  }
}
