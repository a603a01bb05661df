// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checkpoints of compressed-tensors against the logits with its own rounding of the input. */
@Tag("conformance")
class CompressedTensorsActivationsConformanceTest {
  private static final int WINDOW = 32;

  @ParameterizedTest
  @CsvSource({
    "ct-mxfp4, scalar", "ct-mxfp4, auto",
    "ct-mxfp8, scalar", "ct-mxfp8, auto"
  })
  void sharedExponentsAreThoseOfTheLibrary(String name, String kernels) throws IOException {
    Path directory = SharedData.path("fixtures/checkpoints").resolve(name);
    Assumptions.assumeTrue(Files.isDirectory(directory), "no checkpoint " + name);
    try (SafetensorsFile expected =
            SafetensorsFile.open(directory.resolve("expected.safetensors"));
        LanguageModel model =
            LanguageModel.open(directory, ModelOptions.defaults().withKernels(kernels))) {
      float[] tokens = expected.require("tokens").toFloatArray();
      float[] wanted = expected.require("logits_activations").toFloatArray();
      int vocabulary = wanted.length / tokens.length;
      for (int from = 0; from < tokens.length; from += WINDOW) {
        int[] window = new int[WINDOW];
        for (int i = 0; i < WINDOW; i++) {
          window[i] = (int) tokens[from + i];
        }
        float[] found = model.logits(window).data();
        float[] part = Arrays.copyOfRange(wanted, from * vocabulary, (from + WINDOW) * vocabulary);
        assertEquals(part.length, found.length);
        float largest = 0;
        for (int i = 0; i < part.length; i++) {
          largest = Math.max(largest, Math.abs(part[i] - found[i]));
        }
        // One code at a rounding step may move a logit by this much; the other rule, by 2 or more.
        assertTrue(largest < 0.03, name + ": logits differ by " + largest);
      }
    }
  }
}
