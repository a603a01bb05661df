// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.tensor.Shape;
import io.github.quant4j.testing.SharedData;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EvalCommandTest {
  @TempDir Path temporary;

  private static CommandRun eval(String... more) {
    return CommandRun.of(
        Stream.concat(
                Stream.of(
                    "eval", CommandRun.MODEL, "--text", CommandRun.TEXT, "--max-windows", "2"),
                Stream.of(more))
            .toArray(String[]::new));
  }

  @Test
  void jsonFieldsAreThoseOfTheContract() {
    CommandRun run = eval("--context", "64", "--json");
    assertEquals(
        List.of(
            "model",
            "text",
            "context",
            "windows",
            "perplexity",
            "nll",
            "tokens",
            "seconds",
            "tokens_per_second"),
        run.members());
    assertEquals(126, run.number("tokens"));
    assertEquals(Math.exp(run.number("nll")), run.number("perplexity"), 1e-9);
    // Any text of the language is far from chance (2048) and from certainty.
    assertTrue(run.number("perplexity") > 5 && run.number("perplexity") < 200, run.out());
    assertEquals(1, run.out().lines().count());
    assertEquals("", run.err());
  }

  @Test
  void windowsLongerThanTheModelHasPositionsAreRefused() {
    eval("--context", "1025", "--json").requireFailure(Failure.CALL, "expected at most 1024");
  }

  @Test
  void aModelAgreesWithItself() {
    CommandRun run = eval("--context", "32", "--json", "--reference", CommandRun.MODEL);
    assertEquals(0, run.number("kl"));
    assertEquals(1, run.number("top1"));
  }

  @Test
  void logitsAreWritten() throws IOException {
    Path target = temporary.resolve("logits.safetensors");
    CommandRun run = eval("--context", "16", "--json", "--logits-out", target.toString());
    assertEquals(target.toString(), run.json().getString("logits_out").orElseThrow());
    try (SafetensorsFile file = SafetensorsFile.open(target)) {
      assertEquals(Shape.of(2, 16, 2048), file.require("logits").shape());
      assertEquals(Shape.of(2, 16), file.require("tokens").shape());
    }
  }

  @Test
  void peopleReadTheSameInEveryLocale() {
    Locale before = Locale.getDefault();
    try {
      Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
      CommandRun run = eval("--context", "16", "--threads", "1", "--kernels", "scalar");
      assertEquals(0, run.status(), run.err());
      assertTrue(
          run.out().lines().findFirst().orElseThrow().matches("perplexity  [0-9]+\\.[0-9]{4}"),
          run.out());
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void nothingIsLeftWhenTheWorkIsStopped() throws IOException {
    Path target = temporary.resolve("logits.safetensors");
    CommandRun run =
        CommandRun.of(
            false,
            () -> true,
            "eval",
            CommandRun.MODEL,
            "--text",
            CommandRun.TEXT,
            "--logits-out",
            target.toString());
    run.requireFailure(Failure.WORK);
    try (Stream<Path> left = Files.list(temporary)) {
      assertEquals(0, left.count());
    }
  }

  @ParameterizedTest
  @CsvSource({"gutenberg-5m, 39.1906, 27", "tiny1m, 25.1663, 47", "stories260k, 20.8743, 47"})
  @Tag("conformance")
  void perplexitiesAreThoseOfTheReference(String model, double perplexity, int windows) {
    CommandRun run =
        CommandRun.of(
            "eval",
            SharedData.path("data/models/" + model).toString(),
            "--text",
            SharedData.path("data/text/harbour.txt").toString(),
            "--context",
            "128",
            "--json");
    assertEquals(1, run.number("perplexity") / perplexity, 1e-3, model);
    assertEquals(windows, run.number("windows"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gutenberg-5m", "tiny1m", "stories260k"})
  @Tag("conformance")
  void logitsAreThoseOfTheReference(String model) throws IOException {
    Path target = temporary.resolve("logits.safetensors");
    CommandRun run =
        CommandRun.of(
            "eval",
            SharedData.path("data/models/" + model).toString(),
            "--text",
            SharedData.path("data/text/harbour.txt").toString(),
            "--context",
            "64",
            "--max-windows",
            "2",
            "--logits-out",
            target.toString(),
            "--json");
    assertEquals(2, run.number("windows"));
    try (SafetensorsFile written = SafetensorsFile.open(target);
        SafetensorsFile expected =
            SafetensorsFile.open(SharedData.path("fixtures/lm/" + model + ".safetensors"))) {
      assertArrayEquals(
          expected.require("tokens").toIntArray(), written.require("tokens").toIntArray());
      assertArrayEquals(
          expected.require("logits").toFloatArray(),
          written.require("logits").toFloatArray(),
          1e-3f);
    }
  }
}
