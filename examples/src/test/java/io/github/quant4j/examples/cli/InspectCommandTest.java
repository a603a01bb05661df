// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufValue;
import io.github.quant4j.io.gguf.GgufValueType;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  @TempDir Path temporary;

  private Path file(float... values) throws IOException {
    Path file = temporary.resolve("some.safetensors");
    new SafetensorsWriter()
        .add(Tensor.ofFloats(Shape.of(values.length), values).withName("x"))
        .write(file);
    return file;
  }

  @Test
  void jsonFieldsAreThoseOfTheContract() throws IOException {
    CommandRun run = CommandRun.of("inspect", file(-3, 1, 2).toString(), "--json");
    assertEquals(List.of("path", "quant_method", "tensors", "totals", "quantized"), run.members());
    JsonValue.Obj tensor = (JsonValue.Obj) run.json().getArray("tensors").orElseThrow().getFirst();
    assertEquals(
        List.of(
            "name",
            "shape",
            "dtype",
            "bits_per_weight",
            "bytes",
            "min",
            "max",
            "absmax",
            "mean",
            "std",
            "excess_kurtosis",
            "non_finite",
            "checksum"),
        List.copyOf(tensor.members().keySet()));
    assertEquals(3, tensor.getDouble("absmax").orElseThrow());
    assertEquals(-3, tensor.getDouble("min").orElseThrow());
    assertEquals(0, tensor.getDouble("mean").orElseThrow());
    // Variance 14/3, fourth moment 98/3.
    assertEquals(
        98.0 / 3 / (196.0 / 9) - 3, tensor.getDouble("excess_kurtosis").orElseThrow(), 1e-12);
    assertEquals("intact", tensor.getString("checksum").orElseThrow());
  }

  @Test
  void numbersThatJsonCannotSayAreNull() throws IOException {
    CommandRun run = CommandRun.of("inspect", file(Float.NaN, 1, 1).toString(), "--json");
    JsonValue.Obj tensor = (JsonValue.Obj) run.json().getArray("tensors").orElseThrow().getFirst();
    assertEquals(new JsonValue.Null(), tensor.members().get("excess_kurtosis"));
    assertEquals(1, tensor.getInt("non_finite").orElseThrow());
  }

  @Test
  void peopleReadATable() {
    CommandRun run = CommandRun.of("inspect", CommandRun.MODEL);
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().startsWith("tensor "), run.out());
    assertTrue(
        run.out().contains("all        56 tensors, 5246208 elements, 10.49 MB, 16.000 bits"),
        run.out());
  }

  private Path gguf() throws IOException {
    List<String> words = List.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    Path file = temporary.resolve("some.gguf");
    new GgufWriter(
            GgufMetadata.builder()
                .putString("general.architecture", "llama\nand more")
                .putFloat("a.number", 1e-6f)
                .putBoolean("a.flag", true)
                .put("a.large", new GgufValue.Whole(GgufValueType.UINT64, -1))
                .putFloats("some.numbers", new float[] {0.1f, Float.NaN})
                .putStrings("some.words", words)
                .build())
        .add(Tensor.ofFloats(Shape.of(1, 2), new float[] {1, 3}).withName("x"))
        .write(file);
    return file;
  }

  @Test
  void metadataOfGgufFilesIsShortened() throws IOException {
    CommandRun run = CommandRun.of("inspect", gguf().toString(), "--json");
    assertEquals(
        List.of("path", "quant_method", "metadata", "tensors", "totals", "quantized"),
        run.members());
    JsonValue.Obj metadata = run.json().getObject("metadata").orElseThrow();
    assertEquals(
        "{\"general.architecture\":{\"type\":\"string\",\"value\":\"llama\\nand more\"},"
            + "\"a.number\":{\"type\":\"float32\",\"value\":1.0E-6},"
            + "\"a.flag\":{\"type\":\"bool\",\"value\":true},"
            + "\"a.large\":{\"type\":\"uint64\",\"value\":\"18446744073709551615\"},"
            + "\"some.numbers\":{\"type\":\"array of float32\",\"length\":2,"
            + "\"first\":[0.1,\"NaN\"]},"
            + "\"some.words\":{\"type\":\"array of string\",\"length\":10,"
            + "\"first\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"]}}",
        JsonWriter.compact(metadata));
    JsonValue.Obj tensor = (JsonValue.Obj) run.json().getArray("tensors").orElseThrow().getFirst();
    assertEquals("F32", tensor.getString("dtype").orElseThrow());
    assertEquals(3, tensor.getDouble("max").orElseThrow());
    String table = CommandRun.of("inspect", gguf().toString()).out();
    assertTrue(table.contains("llama\\nand more"), table);
    assertTrue(table.contains("(10) [\"a\", \"b\","), table);
    assertTrue(table.contains("\"h\", ...]"), table);
  }

  @Test
  void operatorsOfOnnxFilesAreCounted() throws IOException {
    // A graph with one node, Relu of x, an output y, and opset 17.
    byte[] bytes = {
      0x3A, 19, 0x0A, 12, 0x0A, 1, 'x', 0x12, 1, 'y', 0x22, 4, 'R', 'e', 'l', 'u', 0x62, 3, 0x0A, 1,
      'y', 0x42, 2, 0x10, 17
    };
    Path file = Files.write(temporary.resolve("a.onnx"), bytes);
    CommandRun run = CommandRun.of("inspect", file.toString(), "--json");
    assertEquals(
        "{\"producer\":\"\",\"opsets\":[\"ai.onnx:17\"],\"inputs\":[],\"outputs\":[\"y ?\"],"
            + "\"operators\":{\"Relu\":1}}",
        JsonWriter.compact(run.json().getObject("graph").orElseThrow()));
    String table = CommandRun.of("inspect", file.toString()).out();
    assertTrue(table.contains("opsets     ai.onnx:17"), table);
  }

  @Test
  void whatIsNoModelIsNamed() throws IOException {
    CommandRun.of("inspect", temporary.resolve("nothing").toString())
        .requireFailure(Failure.CALL, "nothing: no such file");
    CommandRun.of("inspect", temporary.toString()).requireFailure(Failure.CALL, "config.json");
    Path gguf = Files.writeString(temporary.resolve("a.gguf"), "this is neither a model");
    CommandRun.of("inspect", gguf.toString()).requireFailure(Failure.CALL, "a.gguf", "GGUF");
    Path text = Files.writeString(temporary.resolve("text.txt"), "this is a text");
    CommandRun.of("inspect", text.toString())
        .requireFailure(Failure.CALL, "text.txt", "is this a safetensors file?");
  }
}
