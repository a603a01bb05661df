// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.quantized;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.format.HalfPrecision;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.OutputDirectory;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.linalg.Compute;
import io.github.quant4j.linear.QuantizedLinear;
import io.github.quant4j.quantize.Quantizer;
import io.github.quant4j.tensor.DType;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import io.github.quant4j.testing.SeededRandom;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuantizedModelWriterTest {
  private static final List<String> LINEAR = List.of("layers.0.up", "layers.0.down", "lm_head");

  @TempDir Path folder;
  private Path source;

  private static Tensor matrix(String name, int rows, int columns, long seed) {
    return Tensor.ofFloats(
            Shape.of(rows, columns), new SeededRandom(seed).gaussians(rows * columns))
        .withName(name);
  }

  private static Tensor bfloat16(String name, float... values) {
    short[] bits = new short[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = HalfPrecision.toBfloat16(values[i]);
    }
    return Tensor.ofShorts(DType.BF16, Shape.of(values.length), bits).withName(name);
  }

  @BeforeEach
  void writeSource() throws IOException {
    source =
        QuantizedModels.plain(
            folder.resolve("source"),
            matrix("embed.weight", 12, 16, 1),
            matrix("layers.0.up.weight", 20, 16, 2),
            bfloat16("layers.0.up.bias", IntStream.range(0, 20).boxed().map(i -> i / 4f).toList()),
            matrix("layers.0.down.weight", 16, 20, 3),
            matrix("layers.0.norm.weight", 1, 16, 4),
            matrix("lm_head.weight", 12, 16, 5));
    Files.writeString(
        source.resolve("config.json"),
        "{\"model_type\": \"llama\", \"quantization_config\": null, \"hidden_size\": 16}");
    Files.writeString(source.resolve("tokenizer.json"), "{}");
    Files.writeString(source.resolve("LICENSE"), "text");
    Files.writeString(source.resolve("pytorch_model.bin"), "old weights");
    Files.writeString(source.resolve("quantization-report.html"), "of another run");
    Files.writeString(source.resolve(".hidden"), "");
    Files.createDirectory(source.resolve("onnx"));
  }

  private static Tensor bfloat16(String name, List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return bfloat16(name, array);
  }

  private static QuantizedLinear quantize(ModelDirectory model, String module, String recipe) {
    return QuantizedLinear.of(
        Quantizer.of(recipe)
            .quantize(model.require(module + ".weight").toMatrix(), Compute.scalar()));
  }

  private SequencedMap<String, QuantizedLinear> layers(String recipe) throws IOException {
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    try (ModelDirectory model = ModelDirectory.open(source)) {
      layers.put("layers.0.up", quantize(model, "layers.0.up", recipe));
      layers.put("layers.0.down", quantize(model, "layers.0.down", recipe));
    }
    return layers;
  }

  private QuantizedModelWriter.Result write(
      Path from, Path target, SequencedMap<String, QuantizedLinear> layers, long shardBytes)
      throws IOException {
    try (ModelDirectory model = ModelDirectory.open(from);
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer =
            QuantizedModelWriter.create(ModelSource.of(model), output, shardBytes)) {
      for (var layer : layers.entrySet()) {
        writer.add(layer.getKey(), layer.getValue());
      }
      QuantizedModelWriter.Result result = writer.finish(LINEAR);
      output.commit();
      return result;
    }
  }

  @Test
  void everythingElseIsTakenOver() throws IOException {
    Path target = folder.resolve("out");
    QuantizedModelWriter.Result result =
        write(source, target, layers("int4:channel:asym rtn"), 1 << 30);
    assertEquals("compressed-tensors", result.method());
    long bytes = 0;
    try (Stream<Path> files = Files.list(target)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        bytes += Files.size(file);
      }
    }
    assertEquals(bytes, result.bytes());
    try (Stream<Path> files = Files.list(target)) {
      assertEquals(
          List.of(
              "LICENSE",
              "config.json",
              "model.safetensors",
              "quant4j-checksums.json",
              "tokenizer.json"),
          files.map(file -> file.getFileName().toString()).sorted().toList());
    }
    try (ModelDirectory before = ModelDirectory.open(source);
        ModelDirectory after = ModelDirectory.open(target)) {
      assertEquals(
          List.of("hidden_size", "model_type", "quantization_config"),
          after.config().members().keySet().stream().sorted().toList());
      for (String kept :
          List.of("embed.weight", "layers.0.norm.weight", "lm_head.weight", "layers.0.up.bias")) {
        assertEquals(before.require(kept).dtype(), after.require(kept).dtype());
        assertEquals(-1, before.require(kept).data().mismatch(after.require(kept).data()), kept);
      }
      assertTrue(after.find("layers.0.up.weight").isEmpty());
      assertTrue(after.find("layers.0.down.weight").isEmpty());
      JsonValue.Obj config = after.config().getObject("quantization_config").orElseThrow();
      assertEquals(List.of(new JsonValue.Str("lm_head")), config.getArray("ignore").orElseThrow());
      QuantizedLinear up = QuantizedWeights.of(after).find("layers.0.up").orElseThrow();
      assertEquals(19 / 4f, up.bias().orElseThrow()[19]);
    }
    assertEquals(List.of(), ModelVerifier.verify(target));
  }

  /** A library that knows llama would begin with random weights. */
  @Test
  void ourOwnSchemaIsOneThatOtherLibrariesRefuse() throws IOException {
    Path target = folder.resolve("own");
    assertEquals("quant4j", write(source, target, layers("nf4:g4 rtn"), 1 << 30).method());
    JsonValue.Obj stored =
        JsonParser.parseObject(Files.readAllBytes(target.resolve("config.json")));
    assertEquals(Optional.of("quant4j-llama"), stored.getString("model_type"));
    try (ModelDirectory model = ModelDirectory.open(target)) {
      assertEquals(Optional.of("llama"), model.config().getString("model_type"));
      assertEquals(2, QuantizedWeights.of(model).modules().size());
    }
    // Requantized to what compressed-tensors can say, it is an ordinary model again.
    Path plain = folder.resolve("plain");
    write(target, plain, layers("int4:channel:sym rtn"), 1 << 30);
    assertTrue(Files.readString(plain.resolve("config.json")).contains("\"llama\""));
    assertFalse(Files.readString(plain.resolve("config.json")).contains("quant4j"));
  }

  @Test
  void theBytesDoNotDependOnTheOrderOrTheShards() throws IOException {
    SequencedMap<String, QuantizedLinear> layers = layers("nf4:channel rtn");
    write(source, folder.resolve("a"), layers, 1 << 30);
    write(source, folder.resolve("b"), layers.reversed(), 1 << 30);
    for (String file : List.of("config.json", "model.safetensors")) {
      assertEquals(
          -1, Files.mismatch(folder.resolve("a").resolve(file), folder.resolve("b").resolve(file)));
    }
    write(source, folder.resolve("c"), layers, 1000);
    try (ModelDirectory one = ModelDirectory.open(folder.resolve("a"));
        ModelDirectory many = ModelDirectory.open(folder.resolve("c"))) {
      assertTrue(many.files().size() > 2);
      for (String name : one.names()) {
        assertEquals(-1, one.require(name).data().mismatch(many.require(name).data()), name);
      }
    }
  }

  @Test
  void layersThatAreQuantizedAlreadyAreTakenOver() throws IOException {
    Path first = folder.resolve("first");
    SequencedMap<String, QuantizedLinear> layers = layers("int4:channel:asym rtn");
    QuantizedLinear up = layers.remove("layers.0.up");
    write(source, first, layers, 1 << 30);
    SequencedMap<String, QuantizedLinear> more = new LinkedHashMap<>();
    more.put("layers.0.up", up);
    Path second = folder.resolve("second");
    write(first, second, more, 1 << 30);
    try (ModelDirectory a = ModelDirectory.open(first);
        ModelDirectory b = ModelDirectory.open(second)) {
      assertEquals(2, QuantizedWeights.of(b).modules().size());
      assertArrayEquals(
          QuantizedWeights.of(a).find("layers.0.down").orElseThrow().toDense().data(),
          QuantizedWeights.of(b).find("layers.0.down").orElseThrow().toDense().data());
      assertTrue(b.find("layers.0.up.bias").isPresent());
    }
    Path third = folder.resolve("third");
    write(second, third, layers("fp8e4m3:channel rtn"), 1 << 30);
    try (ModelDirectory c = ModelDirectory.open(third)) {
      assertEquals(
          "fp8e4m3:channel:sym",
          QuantizedModels.matrix(QuantizedWeights.of(c).find("layers.0.down").orElseThrow())
              .scheme()
              .toString());
      assertTrue(c.find("layers.0.down.weight_packed").isEmpty());
    }
    assertEquals(List.of(), ModelVerifier.verify(third));
  }

  @Test
  void biasesKeepTheirTypeIfThatIsExact() throws IOException {
    float[] exact = new float[20];
    exact[3] = -2.5f;
    float[] fine = new float[20];
    fine[3] = 1.0001f;
    for (float[] bias : List.of(exact, fine)) {
      SequencedMap<String, QuantizedLinear> layers = layers("int8:channel rtn");
      layers.computeIfPresent("layers.0.up", (_, layer) -> layer.withBias(bias));
      Path target = folder.resolve("out" + bias[3]);
      write(source, target, layers, 1 << 30);
      try (ModelDirectory model = ModelDirectory.open(target)) {
        assertEquals(
            bias[3] == 1.0001f ? DType.F32 : DType.BF16, model.require("layers.0.up.bias").dtype());
        assertArrayEquals(
            bias,
            QuantizedWeights.of(model).find("layers.0.up").orElseThrow().bias().orElseThrow());
      }
    }
  }

  @Test
  void tensorsMayBeReplacedAndLayersKeptDense() throws IOException {
    Path target = folder.resolve("out");
    FloatMatrix weights = FloatMatrix.zeros(16, 20);
    weights.put(1, 2, 3f);
    try (ModelDirectory model = ModelDirectory.open(source);
        OutputDirectory output = OutputDirectory.create(target, false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(model), output)) {
      writer.recipe("keep");
      writer.replace(bfloat16("layers.0.norm.weight", 1f, 2f));
      writer.add("layers.0.down", QuantizedLinear.of(weights, DType.BF16));
      assertThrows(
          IllegalArgumentException.class,
          () -> writer.add("layers.0.down", QuantizedLinear.of(weights, DType.BF16)));
      assertEquals("", writer.finish(LINEAR).method());
      output.commit();
    }
    try (ModelDirectory model = ModelDirectory.open(target)) {
      assertArrayEquals(new float[] {1f, 2f}, model.require("layers.0.norm.weight").toFloatArray());
      assertEquals(DType.BF16, model.require("layers.0.down.weight").dtype());
      assertArrayEquals(weights.data(), model.require("layers.0.down.weight").toFloatArray());
      assertFalse(model.config().members().containsKey("quantization_config"));
      assertEquals("keep", model.files().getFirst().metadata().get("quant4j.recipe"));
    }
  }

  @Test
  void layersMayBeAddedByManyThreads() throws IOException {
    SequencedMap<String, QuantizedLinear> layers = new LinkedHashMap<>();
    for (int i = 0; i < 40; i++) {
      layers.put(
          "extra." + i,
          QuantizedLinear.of(
              Quantizer.of("int4:g8 rtn")
                  .quantize(new SeededRandom(i).gaussianMatrix(8, 16), Compute.scalar())));
    }
    write(source, folder.resolve("a"), layers, 1 << 30);
    try (ModelDirectory model = ModelDirectory.open(source);
        OutputDirectory output = OutputDirectory.create(folder.resolve("b"), false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(model), output)) {
      layers.entrySet().parallelStream()
          .forEach(
              layer -> {
                try {
                  writer.add(layer.getKey(), layer.getValue());
                } catch (OutputException e) {
                  throw new AssertionError(e);
                }
              });
      writer.finish(LINEAR);
      output.commit();
    }
    for (String file : List.of("config.json", "model.safetensors")) {
      assertEquals(
          -1, Files.mismatch(folder.resolve("a").resolve(file), folder.resolve("b").resolve(file)));
    }
  }

  @Test
  void theSourceIsNotReplaced() throws IOException {
    Files.delete(source.resolve("onnx"));
    try (ModelDirectory model = ModelDirectory.open(source);
        OutputDirectory output = OutputDirectory.create(source, true)) {
      OutputException e =
          assertThrows(
              OutputException.class,
              () -> QuantizedModelWriter.create(ModelSource.of(model), output).close());
      assertTrue(e.getMessage().contains("the output is the input"), e.getMessage());
    }
    assertTrue(Files.exists(source.resolve("model.safetensors")));
  }

  @Test
  void aWriterThatIsNotFinishedLeavesNothing() throws IOException {
    try (ModelDirectory model = ModelDirectory.open(source);
        OutputDirectory output = OutputDirectory.create(folder.resolve("out"), false);
        QuantizedModelWriter writer = QuantizedModelWriter.create(ModelSource.of(model), output)) {
      writer.add("layers.0.up", quantize(model, "layers.0.up", "int4:g8 rtn"));
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(source), left.toList());
    }
  }
}
