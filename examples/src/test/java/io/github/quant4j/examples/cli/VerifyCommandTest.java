// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.gguf.GgufMetadata;
import io.github.quant4j.io.gguf.GgufWriter;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.tensor.Tensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  @TempDir Path temporary;

  @Test
  void theBundledModelIsIntact() {
    CommandRun run = CommandRun.of("verify", CommandRun.MODEL, "--json");
    assertEquals(List.of("model", "ok", "problems"), run.members());
    assertEquals(true, run.json().getBoolean("ok").orElseThrow());
    assertEquals(CommandRun.MODEL + ": ok\n", CommandRun.of("verify", CommandRun.MODEL).out());
  }

  /** They do not keep a model from running, so the status is that of an intact one. */
  @Test
  void warningsAreListed() throws IOException {
    for (String name : List.of("model.safetensors", "tokenizer.json")) {
      Files.copy(Path.of(CommandRun.MODEL).resolve(name), temporary.resolve(name));
    }
    String config = Files.readString(Path.of(CommandRun.MODEL).resolve("config.json"));
    Files.writeString(
        temporary.resolve("config.json"), config.replaceFirst("\\{", "{\"my_twist\": 0.5,"));
    CommandRun run = CommandRun.of("verify", temporary.toString(), "--json");
    assertEquals(0, run.status());
    assertEquals(List.of("model", "ok", "problems", "warnings"), run.members());
    String text = CommandRun.of("verify", temporary.toString()).out();
    assertTrue(text.startsWith("warning: 'my_twist': 0.5 is not known"), text);
  }

  @Test
  void problemsAreListedAndTheStatusSaysSo() throws IOException {
    for (String name : List.of("config.json", "tokenizer.json")) {
      Files.copy(Path.of(CommandRun.MODEL).resolve(name), temporary.resolve(name));
    }
    byte[] weights = Files.readAllBytes(Path.of(CommandRun.MODEL).resolve("model.safetensors"));
    Files.write(temporary.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length / 2));
    CommandRun run = CommandRun.of("verify", temporary.toString(), "--json");
    assertEquals(Failure.WORK, run.status());
    assertTrue(run.err().startsWith("quant: " + temporary + ": 1 problem"), run.err());
    JsonValue.Obj json = JsonParser.parseObject(run.out().getBytes(StandardCharsets.UTF_8));
    assertEquals(false, json.getBoolean("ok").orElseThrow());
    JsonValue.Obj problem = (JsonValue.Obj) json.getArray("problems").orElseThrow().getFirst();
    assertTrue(problem.getString("description").orElseThrow().contains("truncated"), run.out());
  }

  @Test
  void filesInGgufAreVerified() throws IOException {
    Path file = temporary.resolve("model.gguf");
    CommandRun converted =
        CommandRun.of("convert", CommandRun.MODEL, file.toString(), "--to", "gguf:Q8_0");
    assertEquals(0, converted.status(), converted.err());
    for (Path path : List.of(file, temporary)) {
      assertEquals(path + ": ok\n", CommandRun.of("verify", path.toString()).out());
    }
    byte[] bytes = Files.readAllBytes(file);
    // The last tensor is a norm in binary32: its last number becomes a NaN.
    Arrays.fill(bytes, bytes.length - Float.BYTES, bytes.length, (byte) 0xff);
    Files.write(file, bytes);
    CommandRun damaged = CommandRun.of("verify", file.toString());
    assertEquals(Failure.WORK, damaged.status());
    assertTrue(damaged.err().contains("tensor 'output_norm.weight'"), damaged.err());
    CommandRun.of("verify", temporary.resolve("none.gguf").toString())
        .requireFailure(Failure.CALL, "none.gguf: no such file");
  }

  /** The file is sound, but nothing that could run. */
  @Test
  void whatIsNoModelIsAProblem() throws IOException {
    Path file = temporary.resolve("model.gguf");
    new GgufWriter(GgufMetadata.builder().putString("general.architecture", "no such").build())
        .add(Tensor.ofFloats(Shape.of(2), new float[2]).withName("x"))
        .write(file);
    CommandRun run = CommandRun.of("verify", file.toString());
    assertEquals(Failure.WORK, run.status());
    assertTrue(run.err().contains("no such"), run.err());
  }

  @Test
  void aMissingDirectoryIsAWrongCall() {
    CommandRun.of("verify", temporary.resolve("nothing").toString(), "--json")
        .requireFailure(Failure.CALL, "nothing: no such directory");
  }
}
