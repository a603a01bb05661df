// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.matrix.QuantizedMatrix;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Real models, quantized, written, and read by us and by an independent decoder. */
@Tag("conformance")
class QuantizedConformanceTest {
  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "gutenberg-5m, int4:g64:sym rtn, compressed-tensors",
    "gutenberg-5m, int3:g64:asym rtn, compressed-tensors",
    "gutenberg-5m, int8:channel:sym rtn, compressed-tensors",
    "gutenberg-5m, fp8e4m3:channel rtn, compressed-tensors",
    "gutenberg-5m, nf4:g64 rtn, quant4j",
    "gutenberg-5m, e2m1:g32 rtn, quant4j",
    "tiny1m, int4:g32:asym rtn, compressed-tensors",
    "tiny1m, nvfp4 rtn, compressed-tensors",
    "stories260k, int8:channel:sym:f32 rtn, compressed-tensors",
    "stories260k, int5:channel:asym rtn, compressed-tensors",
    "whisper-base-encoder, int4:g64:asym rtn, compressed-tensors",
  })
  void realModelsAreStoredExactly(String name, String recipe, String method) throws IOException {
    Path target = folder.resolve("out");
    Map<String, QuantizedMatrix> written = new LinkedHashMap<>();
    try (ModelDirectory model = ModelDirectory.open(SharedData.path("data/models/" + name));
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(model), output)) {
      List<String> linear =
          model.names().stream()
              .filter(tensor -> tensor.matches(".*(_proj|fc1|fc2)\\.weight"))
              .map(tensor -> tensor.substring(0, tensor.length() - ".weight".length()))
              .toList();
      Quantizer quantizer = Quantizer.of(recipe);
      for (String module : linear) {
        QuantizedMatrix matrix =
            quantizer.quantize(model.require(module + ".weight").toMatrix(), Compute.scalar());
        written.put(module, matrix);
        writer.add(module, QuantizedLinear.of(matrix));
      }
      assertEquals(method, writer.finish(linear).method());
      output.commit();
    }
    CheckpointOracle oracle = new CheckpointOracle(target);
    try (ModelDirectory model = ModelDirectory.open(target)) {
      QuantizedWeights weights = QuantizedWeights.of(model);
      assertEquals(written.keySet(), weights.modules());
      long stated = 0;
      long stored = 0;
      for (Map.Entry<String, QuantizedMatrix> module : written.entrySet()) {
        float[] expected = module.getValue().dequantize().data();
        QuantizedLinear found = weights.find(module.getKey()).orElseThrow();
        assertArrayEquals(
            expected, QuantizedModels.matrix(found).dequantize().data(), module.getKey());
        float[][] decoded = oracle.weights(module.getKey());
        for (int row = 0; row < decoded.length; row++) {
          for (int column = 0; column < decoded[row].length; column++) {
            assertEquals(expected[row * decoded[row].length + column], decoded[row][column], 0f);
          }
        }
        stated += module.getValue().storageBits() / 8;
        stored += oracle.weightBytes(module.getKey());
      }
      // Beyond what the matrices say there is at most the tensor weight_shape.
      assertTrue(stored >= stated && stored <= stated + 16L * written.size(), stored + " bytes");
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
  }
}
