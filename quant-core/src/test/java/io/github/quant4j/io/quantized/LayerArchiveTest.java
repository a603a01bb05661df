// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.layer.LayerInput;
import io.github.quant4j.layer.LinearLayer;
import io.github.quant4j.layer.LinearQuantizer;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LayerArchiveTest {
  @TempDir private Path directory;
  private final SeededRandom random = new SeededRandom(31);

  private SequencedMap<String, QuantizedLinear> layers() {
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    for (String recipe :
        List.of(
            "int4:g32:asym rtn",
            "hadamard | int8:channel:sym rtn @ int8:token",
            "nvfp4 rtn + sparse(0.01) + lowrank(2)",
            "bf16")) {
      FloatMatrix weights = FloatMatrix.wrap(16, 64, random.gaussians(16 * 64));
      FloatMatrix inputs = FloatMatrix.wrap(8, 64, random.gaussians(8 * 64));
      layers.put(
          "layer." + layers.size(),
          LinearQuantizer.of(recipe)
              .quantize(
                  LinearLayer.of(weights).withBias(random.gaussians(16)),
                  LayerInput.observe(inputs))
              .linear());
    }
    return layers;
  }

  @Test
  void layersTensorsAndNotesComeBack() throws IOException {
    SequencedMap<String, QuantizedLinear> layers = layers();
    Path path = directory.resolve("layers.safetensors");
    Tensor other = Tensor.ofFloats(Shape.of(3), new float[] {1, 2, 3}).withName("norm.weight");
    long bytes = LayerArchive.write(path, layers, List.of(other), Map.of("who", "a test"));
    assertEquals(Files.size(path), bytes);
    try (LayerArchive archive = LayerArchive.open(path)) {
      assertEquals(layers.sequencedKeySet(), archive.layers());
      for (Map.Entry<String, QuantizedLinear> entry : layers.entrySet()) {
        QuantizedLinear read = archive.layer(entry.getKey()).orElseThrow();
        assertEquals(entry.getValue().toString(), read.toString());
        assertArrayEquals(entry.getValue().toDense().data(), read.toDense().data());
        assertArrayEquals(entry.getValue().bias().orElseThrow(), read.bias().orElseThrow());
        assertEquals(entry.getValue().transform(), read.transform());
      }
      assertArrayEquals(
          new float[] {1, 2, 3}, archive.tensor("norm.weight").orElseThrow().toFloatArray());
      assertEquals("a test", archive.note("who").orElseThrow());
      assertTrue(archive.note("whom").isEmpty());
      assertTrue(archive.layer("norm").isEmpty());
    }
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path path = directory.resolve("other.safetensors");
    new SafetensorsWriter()
        .add(Tensor.ofFloats(Shape.of(1), new float[1]).withName("x"))
        .write(path);
    TensorFileException error =
        assertThrows(TensorFileException.class, () -> LayerArchive.open(path).close());
    assertTrue(String.valueOf(error.getMessage()).contains("archive"), error.getMessage());
    assertThrows(
        TensorFileException.class,
        () -> LayerArchive.open(directory.resolve("missing.safetensors")).close());
  }
}
