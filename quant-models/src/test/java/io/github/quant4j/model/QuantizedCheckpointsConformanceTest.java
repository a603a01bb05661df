// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.io.TensorSource;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.linear.LowRankTerm;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.linear.QuantizedTerm;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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
          assertTrue(weights.modules().contains(module), module + " is not quantized");
        }
      }
      assertTrue(compared > 0 || name.startsWith("gpt-oss"), "nothing compared");
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

  private static float largestDifference(
      LanguageModel model, SafetensorsFile expected, String logits) {
    int[] tokens = expected.require("tokens").toIntArray();
    int length = (int) expected.require("tokens").shape().dimension(1);
    float[] wanted = expected.require(logits).toFloatArray();
    int at = 0;
    float largest = 0;
    for (int from = 0; from < tokens.length; from += length) {
      for (float logit : model.logits(Arrays.copyOfRange(tokens, from, from + length)).data()) {
        largest = Math.max(largest, Math.abs(logit - wanted[at++]));
      }
    }
    assertEquals(wanted.length, at);
    return largest;
  }

  /** The same weights for inputs in full precision. */
  private record PlainInputs(ModelWeights inner) implements ModelWeights {
    @Override
    public TensorSource tensors() {
      return inner.tensors();
    }

    @Override
    public Optional<QuantizedLinear> linear(String site) {
      return inner.linear(site).map(PlainInputs::plain);
    }

    private static QuantizedLinear plain(QuantizedLinear given) {
      QuantizedLinear linear = QuantizedLinear.of(given.terms());
      linear = given.transform().map(linear::withTransform).orElse(linear);
      return given.bias().map(linear::withBias).orElse(linear);
    }

    @Override
    public Set<String> sharedTensors() {
      return inner.sharedTensors();
    }

    @Override
    public void close() {
      inner.close();
    }
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void logitsAreThoseOfTheWeights(String name) throws IOException {
    Path directory = SharedData.path(FOLDER).resolve(name);
    String config = Files.readString(directory.resolve(ModelDirectory.CONFIG));
    try (SafetensorsFile expected = expected(directory);
        LanguageModel model =
            LanguageModel.of(
                config,
                new PlainInputs(new StoredWeights(ModelSource.open(directory))),
                ModelOptions.defaults())) {
      assertEquals(0, largestDifference(model, expected, "logits"), FLOAT_ROUNDING, name);
    }
  }

  static List<String> withQuantizedInputs() throws IOException {
    return checkpoints().stream()
        .filter(
            name -> {
              try (SafetensorsFile expected = expected(SharedData.path(FOLDER).resolve(name))) {
                return expected.find("logits_activations").isPresent();
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            })
        // Its integers go to 127.5 by the largest magnitude where ours and those of vLLM go to
        // 127, and there are no logits by that rule.
        .filter(name -> !name.equals("ct-w4a8"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("withQuantizedInputs")
  void inputsAreQuantizedAsTheToolDoes(String name) throws IOException {
    Path directory = SharedData.path(FOLDER).resolve(name);
    try (SafetensorsFile expected = expected(directory);
        LanguageModel model = LanguageModel.open(directory)) {
      String logits =
          expected.find("logits_activations_127").isPresent()
              ? "logits_activations_127"
              : "logits_activations";
      assertEquals(0, largestDifference(model, expected, logits), CODE_FLIPS, name);
    }
  }

  /** What is not done as the config says, or runs in another way, is said. */
  @ParameterizedTest
  @CsvSource({
    "ct-kv-cache-fp8, key-value cache",
    "ct-quip, outputs of 7 layers are rotated",
    "modelopt-fp8, inputs of layers stay in full precision",
    "fp8-fine-grained, inputs of layers stay in full precision"
  })
  void whatIsDoneInAnotherWayIsAWarning(String name, String warning) throws IOException {
    try (LanguageModel model = LanguageModel.open(SharedData.path(FOLDER).resolve(name))) {
      assertEquals(1, model.warnings().size(), model.warnings().toString());
      assertTrue(model.warnings().getFirst().contains(warning), model.warnings().toString());
    }
  }
}
