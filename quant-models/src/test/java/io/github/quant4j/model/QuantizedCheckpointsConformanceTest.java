// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Checkpoints that other tools quantized: every weight is the one that an independent decoder
 * found, bit for bit, and the network with them gives the logits that it should.
 */
@Tag("conformance")
class QuantizedCheckpointsConformanceTest {
  private static final String FOLDER = "fixtures/checkpoints";
  private static final float FLOAT_ROUNDING = 5e-5f;

  /** A code on the other side of a rounding step moves a logit by some hundredths. */
  private static final float CODE_FLIPS = 0.05f;

  static List<String> checkpoints() throws IOException {
    try (Stream<Path> folders = Files.list(SharedData.path(FOLDER))) {
      return folders
          .filter(Files::isDirectory)
          .map(folder -> String.valueOf(folder.getFileName()))
          .filter(name -> !name.startsWith("gguf-"))
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
        ModelDirectory model = ModelDirectory.open(directory)) {
      QuantizedWeights weights = QuantizedWeights.of(model);
      assertFalse(weights.modules().isEmpty(), name);
      for (String module : weights.modules()) {
        FloatMatrix found = stored(weights.find(module).orElseThrow());
        for (String kind : List.of("dequantized.", "rows.")) {
          if (expected.find(kind + module).isPresent()) {
            float[] wanted = expected.require(kind + module).toFloatArray();
            assertArrayEquals(
                wanted, Arrays.copyOf(found.data(), wanted.length), 0, module + ": " + kind);
            compared++;
          }
        }
        if (expected.find("sums." + module).isPresent()) {
          assertSums(expected.require("sums." + module), found, module);
          compared++;
        }
      }
      for (String wanted : expected.names()) {
        if (wanted.startsWith("sums.") && !wanted.contains(".experts.")) {
          String module = wanted.substring("sums.".length());
          assertEquals(true, weights.modules().contains(module), module + " is not quantized");
        }
      }
      assertEquals(true, compared > 0 || name.startsWith("gpt-oss"), "nothing compared");
    }
  }

  /** The weights that are stored, without a rotation of their outputs. */
  private static FloatMatrix stored(QuantizedLinear linear) {
    if (linear.terms().size() == 1
        && linear.terms().getFirst() instanceof LowRankTerm(var _, QuantizedTerm right)) {
      return QuantizedLinear.of(List.of(right)).toDense();
    }
    return linear.toDense();
  }

  private static void assertSums(Tensor sums, FloatMatrix found, String module) {
    float[] wanted = sums.toFloatArray();
    int rows = found.rows();
    int columns = found.columns();
    double[] own = new double[rows + columns];
    double[] magnitudes = new double[rows + columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double weight = found.data()[row * columns + column];
        own[row] += weight;
        own[rows + column] += weight;
        magnitudes[row] += Math.abs(weight);
        magnitudes[rows + column] += Math.abs(weight);
      }
    }
    assertEquals(own.length, wanted.length, module);
    for (int i = 0; i < own.length; i++) {
      assertEquals(own[i], wanted[i], 1e-6 * (1 + magnitudes[i]), module + ": sum " + i);
    }
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void logitsAreThoseOfTheWeights(String name) throws IOException {
    Path directory = SharedData.path(FOLDER).resolve(name);
    try (SafetensorsFile expected = expected(directory);
        LanguageModel model = LanguageModel.open(directory)) {
      System.err.println(name + " " + model.warnings());
      boolean rounded = expected.find("logits_activations").isPresent();
      int[] tokens = expected.require("tokens").toIntArray();
      int length = (int) expected.require("tokens").shape().dimension(1);
      float[] wanted = expected.require(rounded ? "logits_activations" : "logits").toFloatArray();
      int at = 0;
      float largest = 0;
      for (int from = 0; from < tokens.length; from += length) {
        float[] found = model.logits(Arrays.copyOfRange(tokens, from, from + length)).data();
        for (float logit : found) {
          largest = Math.max(largest, Math.abs(logit - wanted[at++]));
        }
      }
      assertEquals(wanted.length, at);
      System.err.println(name + " " + largest);
      assertEquals(0, largest, rounded ? CODE_FLIPS : FLOAT_ROUNDING, name);
    }
  }
}
