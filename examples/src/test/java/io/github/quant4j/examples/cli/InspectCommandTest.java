// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsWriter;
import io.github.quant4j.json.JsonValue;
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

  @Test
  void whatIsNoModelIsNamed() throws IOException {
    CommandRun.of("inspect", temporary.resolve("nothing").toString())
        .requireFailure(Failure.CALL, "nothing: no such file");
    CommandRun.of("inspect", temporary.toString()).requireFailure(Failure.CALL, "config.json");
    Path text = Files.writeString(temporary.resolve("text.txt"), "this is a text");
    CommandRun.of("inspect", text.toString())
        .requireFailure(Failure.CALL, "text.txt", "is this a safetensors file?");
  }
}
