// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StudyCommandTest {
  private static final String MODEL = Path.of(CommandRun.MODEL).toAbsolutePath().toString();
  private static final String TEXT = Path.of(CommandRun.TEXT).toAbsolutePath().toString();

  @TempDir private Path directory;

  private Path study(String name, String contents) throws IOException {
    return Files.writeString(
        directory.resolve(name), contents.replace("MODEL", MODEL).replace("TEXT", TEXT));
  }

  private CommandRun run(Path file, String out, String... more) {
    List<String> call =
        new java.util.ArrayList<>(
            List.of("study", file.toString(), "--out", directory.resolve(out).toString()));
    call.addAll(List.of(more));
    return CommandRun.of(call.toArray(String[]::new));
  }

  @Test
  void cellsAreThoseOfComparisons() throws IOException {
    Files.writeString(directory.resolve("list.txt"), "int2:g64:asym rtn # narrow\n");
    Path file =
        study(
            "study.yaml",
            """
            # recipes on the bundled model
            models: MODEL
            data:
              - {name: harbour, text: TEXT, context: 128, max-windows: 2}
            recipes: ["int8:channel:sym rtn", {file: list.txt}]
            bootstrap: {resamples: 100, level: 0.9}
            """);
    JsonValue.Obj result = run(file, "out", "--json").json();
    List<JsonValue> cells = result.getArray("cells").orElseThrow();
    assertEquals(3, cells.size());
    JsonValue.Obj compared =
        CommandRun.of(
                "compare",
                MODEL,
                "--text",
                TEXT,
                "--context",
                "128",
                "--max-windows",
                "2",
                "--recipe",
                "int8:channel:sym rtn",
                "--recipe",
                "int2:g64:asym rtn",
                "--json")
            .json();
    List<JsonValue> rows = compared.getArray("recipes").orElseThrow();
    for (int i = 0; i < 3; i++) {
      JsonValue.Obj cell = (JsonValue.Obj) cells.get(i);
      JsonValue.Obj row = (JsonValue.Obj) rows.get(i);
      for (String name :
          List.of(
              "recipe",
              "perplexity",
              "kl",
              "top1",
              "bits_per_weight",
              "bytes",
              "bit_operations",
              "bit_operations_with_adders")) {
        assertEquals(row.get(name), cell.get(name), name);
      }
    }
    Path out = directory.resolve("out");
    assertEquals(
        result.members().get("cells"),
        JsonParser.parseObject(Files.readAllBytes(out.resolve("results.json")))
            .members()
            .get("cells"));
    assertEquals(4, Files.readAllLines(out.resolve("results.csv")).size());
    assertTrue(Files.readString(out.resolve("times.json")).contains("\"seconds\""));
    // Again, for people, without any work.
    CommandRun again = run(file, "out");
    assertEquals(0, again.status(), again.err());
    assertTrue(again.out().contains("int2:g64:asym rtn") && again.out().contains("90 %"));
  }

  @Test
  void jsonIsReadTooAndPathsAreRelativeToTheFile() throws IOException {
    Path folder = Files.createDirectories(directory.resolve("studies"));
    Files.createSymbolicLink(directory.resolve("model"), Path.of(MODEL));
    Files.copy(Path.of(TEXT), directory.resolve("text.txt"));
    Path file =
        Files.writeString(
            folder.resolve("study.json"),
            """
            {"models": [{"name": "small", "path": "../model"}], "original": false,
             "data": [{"text": "../text.txt", "context": 64, "max-windows": 1}],
             "recipes": ["int4:g64:sym rtn"], "seeds": [3, 4]}
            """);
    JsonValue.Obj result = run(file, "out", "--json").json();
    List<JsonValue> cells = result.getArray("cells").orElseThrow();
    assertEquals(2, cells.size());
    JsonValue.Obj last = (JsonValue.Obj) cells.getLast();
    assertEquals("small", last.getString("model").orElseThrow());
    assertEquals("text", last.getString("data").orElseThrow());
    assertEquals(4, last.getInt("seed").orElseThrow());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "recipes: [int4:g64:sym rtn] | missing 'models'",
        "models: MODEL, data: [{text: TEXT}], recipes: [int4:g64:sym rnt] | recipes[0]: ",
        "models: MODEL, data: [{txt: TEXT}], recipes: [QuaRot] | data[0]: unknown key 'txt'",
        "models: MODEL, data: [{text: TEXT, context: 1}], recipes: [QuaRot]"
            + " | data[0].context: 1, expected at least 2",
        "models: MODEL, data: [{text: TEXT, context: 12.5}], recipes: [QuaRot]"
            + " | data[0].context: 12.5, expected a whole number",
        "models: MODEL, data: [{text: TEXT, speech: TEXT}], recipes: [QuaRot]"
            + " | expected one of text, speech",
        "models: MODEL, data: [{text: TEXT}, {text: TEXT}], recipes: [QuaRot]"
            + " | the name 'harbour' occurs twice",
        "models: MODEL, data: [{text: TEXT}], recipes: [] | at least one element",
        "models: MODEL, data: [{text: TEXT}], recipes: [QuaRot], seeds: [a] | seeds[0]: 'a'",
        "models: MODEL, data: [{text: TEXT}], recipes: [QuaRot], bootstrap: {level: 2}"
            + " | bootstrap.level: 2.0",
        "models: MODEL, data: [{speech: TEXT}], recipes: [QuaRot] | reads none of the data",
        "models: MODEL, models: MODEL | neither YAML nor JSON",
        "'models: [' | neither YAML nor JSON",
        "models: MODEL, data: [{text: TEXT}], recipes: [int4:g60:sym rtn] | gutenberg-5m: ",
      })
  void whatIsNotUnderstoodIsRefused(String contents, String expected) throws IOException {
    Path file = study("study.yaml", contents.startsWith("'") ? "[" : "{" + contents + "}");
    run(file, "out").requireFailure(Failure.CALL, expected);
    assertTrue(Files.notExists(directory.resolve("out")), "nothing is written");
  }

  private CommandProcess start(Path file, String out) throws IOException {
    return CommandProcess.start(
        directory.resolve(out + ".log"),
        List.of(),
        List.of("study", file.toString(), "--out", directory.resolve(out).toString(), "--quiet"));
  }

  private static long count(Path folder) {
    String[] names = folder.toFile().list();
    return names == null ? 0 : names.length;
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.MINUTES)
  void aKilledStudyGoesOnToTheSameBytes() throws Exception {
    Path file =
        study(
            "study.yaml",
            """
            models: MODEL
            data: {text: TEXT, context: 128, max-windows: 2}
            recipes:
              - int8:channel:sym rtn
              - int4:g64:asym gptq(act-order)
              - awq | int3:g64:asym rtn
              - int3:g64:asym gptq(act-order)>cd(6)
              - int2:g64:asym rtn
            calibration: {text: TEXT, samples: 8, context: 128}
            """);
    CommandProcess whole = start(file, "whole");
    assertEquals(0, whole.waitFor(), whole::text);
    Path cells = directory.resolve("killed/cells");
    for (int finished = 1; finished <= 4; finished++) {
      CommandProcess killed = start(file, "killed");
      // A little after a cell is finished, so that the next one is in its midst.
      while (count(cells) < finished && killed.process().isAlive()) {
        Thread.sleep(5);
      }
      Thread.sleep(100L * finished);
      // On Unix this is SIGKILL: no handler runs.
      killed.process().destroyForcibly().waitFor();
    }
    assertTrue(count(cells) < 6, "it was over before it was killed");
    assertTrue(Files.notExists(directory.resolve("killed/results.csv")), "results are whole");
    CommandProcess resumed = start(file, "killed");
    assertEquals(0, resumed.waitFor(), resumed::text);
    for (String name : List.of("results.json", "results.csv")) {
      assertArrayEquals(
          Files.readAllBytes(directory.resolve("whole").resolve(name)),
          Files.readAllBytes(directory.resolve("killed").resolve(name)),
          name);
    }
    assertTrue(Files.notExists(directory.resolve("killed/models")));
  }
}
