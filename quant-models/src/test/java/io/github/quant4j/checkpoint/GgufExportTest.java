// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.model.gguf.GgufArchitecture;
import io.github.quant4j.model.gguf.GgufArchitectures;
import io.github.quant4j.model.gguf.GgufLayout;
import io.github.quant4j.model.runtime.StoredWeights;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random models of every architecture are written as GGUF and read again. That llama.cpp computes
 * the same of these files was checked when they were first written, see docs/gguf.md.
 */
class GgufExportTest {
  private static final long SEED = 5;

  @TempDir private Path directory;

  private static JsonValue.Obj models() {
    try (InputStream in = GgufExportTest.class.getResourceAsStream("/gguf/models.json")) {
      return JsonParser.parseObject(in.readAllBytes());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static Stream<String> names() {
    return models().members().keySet().stream();
  }

  private static RandomSource source(String name) {
    return RandomSource.of(models().getObject(name).orElseThrow(), SEED);
  }

  private static int[] tokens(int count) {
    return new Random(SEED).ints(count, 0, 96).toArray();
  }

  private static float[] logits(RandomSource source) throws IOException {
    try (LanguageModel model =
        LanguageModel.of(
            JsonWriter.compact(source.config()),
            new StoredWeights(source),
            ModelOptions.defaults())) {
      return model.logits(tokens(24)).data();
    }
  }

  private static float[] logits(Path file) throws IOException {
    try (LanguageModel model = LanguageModel.open(file)) {
      return model.logits(tokens(24)).data();
    }
  }

  private Path write(RandomSource source, String type) throws IOException {
    Path file = directory.resolve(type + ".gguf");
    ModelExports.named("gguf:" + type).write(source, file, ExportOptions.defaults());
    return file;
  }

  @ParameterizedTest
  @MethodSource("names")
  void theModelThatIsReadIsTheOneThatWasWritten(String name) throws IOException {
    RandomSource source = source(name);
    float[] expected = logits(source);
    // GELU is that of tanh in these files, as in llama.cpp; the models here say so where it is.
    assertArrayEquals(expected, logits(write(source, "F32")), 1e-4f, "seed " + SEED);
    Path keep = Path.of(System.getProperty("quant4j.gguf.keep", ""));
    if (!keep.toString().isEmpty()) {
      Files.copy(directory.resolve("F32.gguf"), keep.resolve(name + ".gguf"));
      Files.writeString(
          keep.resolve(name + ".json"),
          java.util.Arrays.toString(tokens(24)) + "\n" + java.util.Arrays.toString(expected));
    }
  }
}
