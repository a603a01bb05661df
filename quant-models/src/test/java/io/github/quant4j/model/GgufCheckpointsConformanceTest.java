// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.checkpoint.ModelFormats;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * GGUF files of other tools: every weight bit for bit under the names of Hugging Face, and logits.
 */
@Tag("conformance")
class GgufCheckpointsConformanceTest {
  private static final String FOLDER = "fixtures/checkpoints";

  static List<String> checkpoints() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.path(FOLDER))) {
      return folders
          .map(folder -> String.valueOf(folder.getFileName()))
          .filter(name -> name.startsWith("gguf-"))
          .sorted()
          .toList();
    }
  }

  private static SafetensorsFile expected(Path directory) throws IOException {
    return SafetensorsFile.open(directory.resolve("expected.safetensors"));
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void weightsAreReadExactly(String name) throws IOException {
    Path directory = SharedData.path(FOLDER).resolve(name);
    int compared = 0;
    try (SafetensorsFile expected = expected(directory);
        ModelSource model = ModelFormats.open(directory)) {
      for (String key : expected.names()) {
        if (!key.startsWith("rows.") && !key.startsWith("dequantized.")) {
          continue;
        }
        String module = key.substring(key.indexOf('.') + 1);
        float[] rows = expected.require(key).toFloatArray();
        Tensor tensor = model.require(module + ".weight");
        assertEqualBits(rows, Arrays.copyOf(tensor.toFloatArray(), rows.length), module);
        Optional<QuantizedLinear> linear = model.quantized().find(module);
        if (linear.isPresent()) {
          FloatMatrix dense = linear.get().toDense();
          assertEqualBits(rows, Arrays.copyOf(dense.data(), rows.length), module);
        }
        compared++;
      }
    }
    assertTrue(compared > 0, name);
  }

  private static void assertEqualBits(float[] expected, float[] actual, String what) {
    for (int i = 0; i < expected.length; i++) {
      // Zeros have no sign in these.
      assertEquals(expected[i] + 0f, actual[i] + 0f, what + " at " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void logitsAgree(String name) throws IOException {
    Path directory = SharedData.path(FOLDER).resolve(name);
    try (SafetensorsFile expected = expected(directory);
        LanguageModel model = LanguageModel.open(directory)) {
      int[] tokens = expected.require("tokens").toIntArray();
      float[] logits = expected.require("logits").toFloatArray();
      int length = (int) expected.require("tokens").shape().dimension(1);
      for (int s = 0; s < tokens.length / length; s++) {
        float[] found =
            model.logits(Arrays.copyOfRange(tokens, s * length, (s + 1) * length)).data();
        for (int i = 0; i < found.length; i++) {
          assertEquals(logits[s * found.length + i], found[i], 5e-5f, name + " at " + i);
        }
      }
    }
  }
}
