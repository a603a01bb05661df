// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.io.OutputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls that are wrong, and help. */
class MainTest {
  @TempDir Path temporary;

  static Stream<Arguments> wrongCalls() {
    String model = CommandRun.MODEL;
    return Stream.of(
        Arguments.of(List.of(), List.of("no command", "eval")),
        Arguments.of(
            List.of("help", "quantise"),
            List.of("unknown command 'quantise'", "did you mean 'quantize'?")),
        Arguments.of(
            List.of("quantize", model), List.of("quantize: missing", "'OUT_DIR'", "help quantize")),
        Arguments.of(List.of("evla"), List.of("unknown command 'evla'", "did you mean 'eval'?")),
        Arguments.of(List.of("eval", model), List.of("eval: ", "--text")),
        Arguments.of(
            List.of("eval", model, "--text", "x", "--contxt", "3"),
            List.of("eval: unknown option '--contxt'", "--context")),
        Arguments.of(
            List.of("eval", model, "--text", "x", "--context", "many"),
            List.of("--context", "'many'")),
        Arguments.of(
            List.of("eval", model, "--text", CommandRun.TEXT, "--context", "1"),
            List.of("context: 1, expected at least 2")),
        Arguments.of(
            List.of("eval", model, "--text", CommandRun.TEXT, "--context", "100000"),
            List.of("context: 100000", "expected at most 1024")),
        Arguments.of(
            List.of("eval", model, "--text", "nowhere.txt"),
            List.of("nowhere.txt: no such file, expected a text file")),
        Arguments.of(
            List.of("eval", "nowhere", "--text", CommandRun.TEXT),
            List.of("nowhere: no such directory")),
        Arguments.of(
            List.of("eval", model, "--text", CommandRun.TEXT, "--kernels", "fast"),
            List.of("--kernels: 'fast'", "auto, vector, scalar")),
        Arguments.of(
            List.of("eval", model, "--text", CommandRun.TEXT, "--threads", "0"),
            List.of("--threads: 0")),
        Arguments.of(
            List.of("eval", model, "--text", CommandRun.TEXT, "--logits-out", model),
            List.of("--logits-out", "is a directory")),
        Arguments.of(List.of("verify", model, "more"), List.of("unexpected argument 'more'")),
        Arguments.of(List.of("generate", model), List.of("--prompt")));
  }

  @ParameterizedTest
  @MethodSource("wrongCalls")
  void wrongCallsAreExplained(List<String> args, List<String> parts) {
    CommandRun.of(args.toArray(String[]::new))
        .requireFailure(Failure.CALL, parts.toArray(String[]::new));
  }

  @Test
  void headersThatClaimTooMuchAreRefused() throws IOException {
    Files.copy(Path.of(CommandRun.MODEL).resolve("config.json"), temporary.resolve("config.json"));
    byte[] header =
        ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(1L << 60).array();
    Files.write(temporary.resolve("model.safetensors"), header);
    CommandRun.of("generate", temporary.toString(), "--prompt", "x")
        .requireFailure(Failure.CALL, "model.safetensors", "1152921504606846976");
  }

  @Test
  void modelsWithoutTokenizerAreNamed() throws IOException {
    for (String name : List.of("config.json", "model.safetensors")) {
      Files.copy(Path.of(CommandRun.MODEL).resolve(name), temporary.resolve(name));
    }
    CommandRun.of("generate", temporary.toString(), "--prompt", "x")
        .requireFailure(Failure.CALL, "tokenizer.json: no such file");
  }

  @Test
  void debugShowsWhere() {
    CommandRun run = CommandRun.of("inspect", "nowhere", "--debug");
    assertEquals(Failure.CALL, run.status());
    assertTrue(run.err().contains("\tat io.github.quant4j"), run.err());
  }

  static Stream<Arguments> failures() {
    Path file = Path.of("some", "file");
    return Stream.of(
        Arguments.of(new OutOfMemoryError("heap"), Failure.WORK, "out of memory"),
        Arguments.of(new CancellationException(), Failure.WORK, "stopped"),
        Arguments.of(new ArithmeticException("not finite"), Failure.WORK, "not finite"),
        Arguments.of(
            new OutputException(file, new IOException("No space left on device")),
            Failure.WORK,
            "some/file: cannot be written: No space left on device"),
        Arguments.of(
            new UncheckedIOException(new NoSuchFileException("x")),
            Failure.CALL,
            "x: no such file or directory"),
        Arguments.of(new AccessDeniedException("x"), Failure.CALL, "x: permission denied"),
        Arguments.of(
            new FileSystemException("x", null, "No space left on device"),
            Failure.WORK,
            "x: No space left on device"),
        Arguments.of(new FileAlreadyExistsException("x"), Failure.CALL, "x: exists already"),
        Arguments.of(new InvalidPathException("a\0b", "Nul"), Failure.CALL, "'a\0b' holds"),
        Arguments.of(
            new InternalError("a fault occurred in an unsafe memory access operation"),
            Failure.WORK,
            "a file was cut short"),
        Arguments.of(new IOException("device"), Failure.WORK, "reading or writing failed: device"),
        Arguments.of(
            new IllegalStateException("bug"), Failure.WORK, "internal error: java.lang.Illegal"));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void exceptionsBecomeMessages(Throwable problem, int status, String start) {
    Failure failure = Failure.of(problem);
    assertEquals(status, failure.status());
    assertTrue(failure.message().startsWith(start), failure.message());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "quantize",
        "eval",
        "generate",
        "inspect",
        "estimate",
        "compare",
        "sensitivity",
        "verify"
      })
  void everyCommandHasHelp(String command) {
    CommandRun run = CommandRun.of("help", command);
    assertEquals(0, run.status());
    assertTrue(run.out().contains("Usage: quant " + command), run.out());
    assertEquals(run.out(), CommandRun.of(command, "--help").out());
    assertTrue(CommandRun.of("help").out().contains("  " + command + " "));
  }

  @Test
  void theVersionIsPrinted() {
    CommandRun run = CommandRun.of("--version");
    assertEquals(0, run.status());
    assertTrue(run.out().startsWith("quant "), run.out());
  }
}
