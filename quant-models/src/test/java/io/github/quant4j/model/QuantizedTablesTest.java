// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.quant4j.graph.ModelWeights;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.quantized.ModelSource;
import io.github.quant4j.io.quantized.QuantizedModelWriter;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Embeddings that are stored quantized, as MLX and others do. */
class QuantizedTablesTest {
  private static final String TABLE = "model.embed_tokens";
  private static final int[] TOKENS = {1, 5, 3, 2, 7};

  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"llama-untied", "qwen3-head-norms"})
  void embeddingsMayBeQuantized(String name) throws IOException {
    Path target = directory.resolve("quantized");
    float[] expected;
    try (ModelSource source = ModelSource.open(TestModels.directory(name));
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(source, output)) {
      QuantizedLinear table =
          QuantizedLinear.of(
              Quantizer.of("int4:channel:asym rtn")
                  .quantize(source.require(TABLE + ".weight").toMatrix(), Compute.scalar()));
      writer.add(TABLE, table);
      writer.finish(List.of());
      output.commit();
      SequencedMap<String, Tensor> plain = TestModels.copy(source);
      Tensor decoded =
          Tensor.ofFloats(
              Shape.of(table.outFeatures(), table.inFeatures()), table.toDense().data());
      plain.put(TABLE + ".weight", decoded.withName(TABLE + ".weight"));
      try (LanguageModel model =
          TestModels.open(
              name, ModelWeights.of(TestModels.tensors(plain)), ModelOptions.defaults())) {
        expected = model.logits(TOKENS).data().clone();
      }
    }
    try (ModelSource stored = ModelSource.open(target);
        LanguageModel model = LanguageModel.open(target)) {
      assertFalse(stored.find(TABLE + ".weight").isPresent());
      // A tied head multiplies codes.
      assertArrayEquals(expected, model.logits(TOKENS).data(), 1e-4f);
    }
  }
}
