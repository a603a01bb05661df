// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models whose quantization is described in a file beside config.json, and copies of such. */
class SideConfigsTest {
  private static final int[][] ZEROS = {{3, 3, 3, 3, 3, 3, 3, 3}};
  private static final float[][] SCALES = {{1, 2, 1, 2, 1, 2, 1, 2}};

  @TempDir Path directory;

  private static List<Tensor> gptq() {
    int[][] codes = new int[8][8];
    codes[1][2] = 15;
    return ForeignTensors.gptq("m", 4, codes, ZEROS, SCALES);
  }

  private static FloatMatrix weights(Path model, String method) throws IOException {
    try (ModelDirectory files = ModelDirectory.open(model)) {
      QuantizedWeights weights = QuantizedWeights.of(files);
      assertEquals(method, weights.method());
      return weights.find("m").orElseThrow().toDense();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "quantize_config.json | {\"bits\":4,\"group_size\":8,\"sym\":false} | gptq | 22",
        "quantization_config.json | {\"bits\":4,\"group_size\":8,\"packing_format\":\"auto_round\"}"
            + " | auto-round | 24",
      })
  void aFileBesideTheConfigIsReadIfThereAreQuantizedTensors(
      String file, String said, String method, float expected) throws IOException {
    Path model = QuantizedModels.plain(directory.resolve("model"), gptq().toArray(Tensor[]::new));
    Files.writeString(model.resolve(file), said);
    assertEquals(expected, weights(model, method).data()[8 + 2]);
    assertTrue(ModelVerifier.verify(model).isEmpty());
  }

  @Test
  void aFileThatIsLeftOverChangesNothing() throws IOException {
    Path model =
        QuantizedModels.plain(
            directory.resolve("model"),
            Tensor.ofFloats(Shape.of(1, 1), new float[1]).withName("m.weight"));
    Files.writeString(model.resolve("quantize_config.json"), "{\"bits\":4}");
    try (ModelDirectory files = ModelDirectory.open(model)) {
      assertTrue(QuantizedWeights.of(files).modules().isEmpty());
    }
  }

  @Test
  void scalesOfModelOptAreDescribedInAFileOfTheirOwn() throws IOException {
    Path model =
        QuantizedModels.plain(
            directory.resolve("model"),
            ForeignTensors.bytes("m.weight", DType.F8_E4M3, Shape.of(1, 1), 0x40),
            ForeignTensors.floats("m.weight_scale", Shape.of(1), 3));
    Files.writeString(
        model.resolve("hf_quant_config.json"),
        "{\"producer\":{\"name\":\"modelopt\"},\"quantization\":{\"quant_algo\":\"FP8\"}}");
    assertEquals(6f, weights(model, "modelopt").data()[0]);
  }

  /** Another layer is quantized, and these are taken over with the same weights. */
  @Test
  void quantizedLayersOfOtherToolsAreTakenOver() throws IOException {
    List<Tensor> tensors = gptq();
    tensors.add(ForeignTensors.ints("m.g_idx", 0, 0, 0, 0, 0, 0, 1, 0));
    tensors.set(
        1,
        ForeignTensors.words(
            "m.qzeros",
            new int[][] {ForeignTensors.stream(ZEROS[0], 4), ForeignTensors.stream(ZEROS[0], 4)}));
    tensors.set(2, ForeignTensors.halves("m.scales", new float[][] {SCALES[0], SCALES[0]}));
    tensors.add(ForeignTensors.floats("m.bias", Shape.of(8), new float[8]));
    Path model = QuantizedModels.plain(directory.resolve("model"), tensors.toArray(Tensor[]::new));
    Files.writeString(
        model.resolve("quantize_config.json"), "{\"bits\":4,\"group_size\":4,\"sym\":false}");
    FloatMatrix before = weights(model, "gptq");
    Path copy = directory.resolve("copy");
    QuantizedModels.write(model, copy, new java.util.LinkedHashMap<>());
    assertArrayEquals(before.data(), weights(copy, "quant4j").data());
    assertTrue(Files.notExists(copy.resolve("quantize_config.json")));
    assertTrue(ModelVerifier.verify(copy).isEmpty());
    try (ModelDirectory files = ModelDirectory.open(copy)) {
      assertTrue(files.names().stream().noneMatch(name -> name.contains("qweight")));
      assertTrue(files.find("m.bias").isPresent());
    }
  }
}
