// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Values of options: whatever is out of range is refused by the option's name, before any work. */
class OptionTest {
  private static final String BEYOND_INT = "2147483648";
  private static final String BEYOND_LONG = "9223372036854775808";

  @TempDir Path temporary;

  static Stream<Arguments> outOfRange() {
    String model = CommandRun.MODEL;
    String recipe = "int4:g64:sym gptq";
    Map<List<String>, Map<String, List<String>>> calls =
        Map.of(
            List.of("quantize", model, "nowhere", "--recipe", recipe),
            Map.of(
                "--samples", List.of("0", "-1", "2147483647", BEYOND_INT),
                "--context", List.of("0", "1", "-1", "2147483647", BEYOND_INT),
                "--threads", List.of("0", "-1", "2000000000", BEYOND_INT),
                "--seed", List.of(BEYOND_LONG, "-" + BEYOND_LONG + "0", "1.5")),
            List.of("estimate", model, "--recipe", recipe),
            Map.of(
                "--samples", List.of("0", "2147483647"),
                "--context", List.of("1", "2147483647"),
                "--threads", List.of("2000000000")),
            List.of("eval", model, "--text", CommandRun.TEXT),
            Map.of(
                "--context", List.of("1", "-1", "2147483647", BEYOND_INT, "1e3", "0x10", ""),
                "--max-windows", List.of("0", "-1", BEYOND_INT, "-" + BEYOND_LONG),
                "--threads", List.of("0", "2000000000")),
            List.of("compare", model, "--text", CommandRun.TEXT, "--recipe", recipe),
            Map.of(
                "--samples", List.of("0", "2147483647"),
                "--context", List.of("1", "2147483647"),
                "--max-windows", List.of("0", BEYOND_INT),
                "--threads", List.of("2000000000")),
            List.of("generate", model, "--prompt", "x"),
            Map.of(
                "--max-tokens", List.of("-1", "2147483647", BEYOND_INT),
                "--top-k", List.of("-1", BEYOND_INT),
                "--top-p", List.of("0", "-0.5", "1.5", "NaN", "half"),
                "--temperature", List.of("-1", "NaN", "1e400", "Infinity", "1d"),
                "--seed", List.of(BEYOND_LONG, "x"),
                "--threads", List.of("0", "2000000000")),
            List.of("inspect", model),
            Map.of("--threads", List.of("0", "-1", "2000000000", BEYOND_INT)),
            List.of("demo"),
            Map.of("--threads", List.of("0", "2000000000")));
    List<Arguments> cases = new ArrayList<>();
    calls.forEach(
        (call, options) ->
            options.forEach(
                (option, values) ->
                    values.forEach(value -> cases.add(Arguments.of(call, option, value)))));
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("outOfRange")
  void numbersOutOfRangeAreRefused(List<String> call, String option, String value) {
    List<String> args = new ArrayList<>(call);
    args.add(option);
    args.add(value);
    // "1e400" is read as infinity, and "-1" as -1.0.
    String shown = value.equals("1e400") ? "Infinity" : value;
    CommandRun.of(args.toArray(String[]::new))
        .requireFailure(Failure.CALL, option + ": ", shown, ", expected ");
  }

  @Test
  void pathsThatAreNoneAreRefused() {
    String model = CommandRun.MODEL;
    CommandRun.of("eval", "", "--text", CommandRun.TEXT)
        .requireFailure(Failure.CALL, "eval: MODEL_DIR: '', expected a path");
    CommandRun.of("eval", model, "--text", "a\0b")
        .requireFailure(Failure.CALL, "eval: --text: ", "a character of code 0, expected a path");
    CommandRun.of("quantize", model, "nowhere", "--recipe", "int4:g64:sym gptq", "--calib", "a\0b")
        .requireFailure(Failure.CALL, "--calib: ", "a character of code 0, expected a path");
  }

  @Test
  void filesInPlaceOfDirectoriesAreNamed() {
    String model = CommandRun.MODEL;
    CommandRun.of(
            "quantize",
            model,
            Path.of(CommandRun.TEXT).resolve("out").toString(),
            "--recipe",
            "int8:channel:sym")
        .requireFailure(Failure.CALL, "harbour.txt", "is not a directory");
    CommandRun.of(
            "eval",
            model,
            "--text",
            CommandRun.TEXT,
            "--logits-out",
            temporary.resolve("none/x.safetensors").toString())
        .requireFailure(Failure.CALL, "--logits-out: ", "none is not a directory");
    CommandRun.of("verify", CommandRun.TEXT)
        .requireFailure(Failure.CALL, "harbour.txt: not a directory");
  }
}
