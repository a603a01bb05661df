// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.ChecksumState;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.quantized.QuantizedWeights;
import io.github.quant4j.parallel.WorkerTeam;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestDirectories;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InspectorTest {
  @TempDir Path temporary;

  private static Inspector inspector(int threads) {
    return Inspector.of(WorkerTeam.ofThreads(threads));
  }

  private static TensorInspection find(Inspection inspection, String name) {
    return inspection.tensors().stream()
        .filter(tensor -> tensor.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private Path file() throws IOException {
    Path file = temporary.resolve("some.safetensors");
    // More than one block.
    float[] large = new SeededRandom(5).gaussians(300 * 500);
    large[77] = -40;
    new SafetensorsWriter()
        .add(Tensor.ofFloats(Shape.of(300, 500), large).withName("large"))
        .add(Tensor.ofInts(Shape.of(3), new int[] {-5, 0, 9}).withName("whole"))
        .add(Tensor.ofFloats(Shape.of(0, 4), new float[0]).withName("empty"))
        .add(Tensor.ofBytes(DType.C64, Shape.of(1), new byte[8]).withName("complex"))
        .write(file);
    return file;
  }

  @Test
  void tensorsOfAFile() throws IOException {
    Inspection inspection = inspector(2).inspect(file());
    assertEquals("", inspection.method());
    TensorInspection large = find(inspection, "large");
    ValueStatistics values = large.statistics().orElseThrow();
    assertEquals(Shape.of(300, 500), large.shape());
    assertEquals("F32", large.type());
    assertEquals(32, large.bitsPerWeight());
    assertEquals(ChecksumState.INTACT, large.checksum());
    assertEquals(-40, values.minimum());
    assertEquals(40, values.absoluteMaximum());
    // 40^4 of one among 150,000 normal values, whose own kurtosis is 0.
    assertEquals(40.0 * 40 * 40 * 40 / 150_000, values.excessKurtosis(), 0.6);
    ValueStatistics whole = find(inspection, "whole").statistics().orElseThrow();
    assertEquals(-5, whole.minimum());
    assertEquals(9, whole.maximum());
    assertEquals(0, find(inspection, "empty").statistics().orElseThrow().count());
    assertTrue(find(inspection, "complex").statistics().isEmpty());
    assertEquals(new Inspection.Total(4, 150_004, 4 * 150_000 + 3 * 4 + 8), inspection.total());
    assertEquals(0, inspection.quantized().tensors());
  }

  @Test
  void sumsDoNotDependOnTheThreads() throws IOException {
    Path file = file();
    assertEquals(inspector(1).inspect(file), inspector(3).inspect(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"int4:g16:asym rtn", "fp8e4m3:channel rtn", "nf4:g16 rtn"})
  void quantizedMatricesAreDescribedByTheirWeights(String quantizer) throws IOException {
    Path model = temporary.resolve("model");
    TestDirectories.quantize("qwen2-biased", quantizer, model);
    String module = "model.layers.0.self_attn.q_proj";
    Inspection inspection = inspector(2).inspect(model);
    assertFalse(inspection.method().isEmpty());
    assertEquals(inspection.tensors(), inspector(2).inspect(weights(model)).tensors());
    TensorInspection entry = find(inspection, module + ".weight");
    assertTrue(entry.isQuantized());
    assertEquals(ChecksumState.INTACT, entry.checksum());
    assertFalse(find(inspection, module + ".bias").isQuantized());
    List<String> names = inspection.tensors().stream().map(TensorInspection::name).toList();
    assertEquals(names.stream().distinct().toList(), names);
    try (ModelDirectory directory = ModelDirectory.open(model)) {
      var linear = QuantizedWeights.of(directory).find(module).orElseThrow();
      FloatMatrix dense = linear.toDense();
      ValueStatistics values = entry.statistics().orElseThrow();
      float largest = 0;
      for (float weight : dense.data()) {
        largest = Math.max(largest, Math.abs(weight));
      }
      assertEquals(largest, values.absoluteMaximum());
      assertEquals(dense.data().length, values.count());
      assertEquals(linear.bitsPerWeight(), entry.bitsPerWeight());
      assertEquals(Shape.of(dense.rows(), dense.columns()), entry.shape());
    }
  }

  private static Path weights(Path model) {
    return model.resolve(ModelDirectory.WEIGHTS);
  }

  @Test
  void damagedDataIsShownAsSuch() throws IOException {
    Path model = temporary.resolve("model");
    TestDirectories.quantize("llama-untied", "int4:g16:sym rtn", model);
    TestDirectories.damage(weights(model));
    List<ChecksumState> states =
        inspector(1).inspect(model).tensors().stream().map(TensorInspection::checksum).toList();
    assertEquals(1, states.stream().filter(ChecksumState.CORRUPT::equals).count());
    assertEquals(0, states.stream().filter(ChecksumState.ABSENT::equals).count());
  }

  @Test
  void progressAndCancellation() throws IOException {
    Path file = file();
    List<String> events = new ArrayList<>();
    inspector(1)
        .progress((stage, done, total) -> events.add(stage + " " + done + "/" + total))
        .inspect(file);
    assertEquals(List.of("inspect 1/4", "inspect 2/4", "inspect 3/4", "inspect 4/4"), events);
    Inspector stopped = inspector(1).cancellation(() -> true);
    assertThrows(CancellationException.class, () -> stopped.inspect(file));
    Thread.currentThread().interrupt();
    try {
      assertThrows(CancellationException.class, () -> inspector(1).inspect(file));
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void missingPathsAreNamed() {
    Path missing = temporary.resolve("missing");
    TensorFileException e =
        assertThrows(TensorFileException.class, () -> inspector(1).inspect(missing));
    assertTrue(e.getMessage().startsWith(missing.toString()), e.getMessage());
  }
}
