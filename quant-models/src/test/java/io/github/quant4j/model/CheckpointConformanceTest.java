// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Checkpoints of other tools in the schema of compressed-tensors, against decoded logits. */
@Tag("conformance")
class CheckpointConformanceTest {
  private static final String FOLDER = "fixtures/checkpoints/";

  private static void assertLogits(String name, String logits, float tolerance) throws IOException {
    Path directory = SharedData.path(FOLDER + name);
    try (SafetensorsFile expected =
            SafetensorsFile.open(directory.resolve("expected.safetensors"));
        LanguageModel model = LanguageModel.open(directory)) {
      Tensor tokens = expected.require("tokens");
      int length = (int) tokens.shape().dimension(1);
      int[] flat = tokens.toIntArray();
      float[] wanted = expected.require(logits).toFloatArray();
      int at = 0;
      for (int from = 0; from < flat.length; from += length) {
        float[] found = model.logits(Arrays.copyOfRange(flat, from, from + length)).data();
        assertArrayEquals(
            Arrays.copyOfRange(wanted, at, at + found.length), found, tolerance, name);
        at += found.length;
      }
    }
  }

  /** Among them negative scales (of AutoRound) and rotations that are part of the weights. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "autoround-export-llmc-w4",
        "ct-spinquant-r1r2",
        "ct-awq-asym",
        "ct-head-quantized",
        "ct-w3a16",
        "ct-w4a16-asym",
        "ct-w4a16-g128-sym",
        "ct-w4a16-g64-sym",
        "ct-w4a16-gptq-actorder-static",
        "ct-w8a16"
      })
  void weightsAreReadExactly(String name) throws IOException {
    assertLogits(name, "logits", 5e-5f);
  }

  /** A code on the other side of a rounding step moves a logit by some hundredths. */
  @ParameterizedTest
  @ValueSource(strings = {"ct-fp8-dynamic", "ct-fp8-static", "ct-mixed-w4-fp8"})
  void inputsAreQuantizedAsTheToolDoes(String name) throws IOException {
    assertLogits(name, "logits_activations", 0.05f);
  }

  @ParameterizedTest
  @CsvSource({
    "ct-quip, runs with the model",
    "ct-spinquant-r1r2r4, runs with the model",
    "ct-kv-cache-fp8, kv_cache_scheme",
    "ct-w4a16-actorder-group-g-idx, weight_g_idx"
  })
  void whatIsNotReadIsRefusedByName(String name, String reason) {
    Path directory = SharedData.path(FOLDER + name);
    Exception e = assertThrows(Exception.class, () -> LanguageModel.open(directory).close());
    assertTrue(String.valueOf(e.getMessage()).contains(reason), String.valueOf(e.getMessage()));
  }
}
