// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.progress.Cancellation;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A command that was run in this process.
 *
 * @param status its exit status
 * @param out what it wrote to standard output
 * @param err what it wrote to standard error
 */
record CommandRun(int status, String out, String err) {
  /** The repository. */
  static final Path ROOT = Path.of(System.getProperty("quant4j.root", ".."));

  /** The bundled model. */
  static final String MODEL = ROOT.resolve("examples/models/gutenberg-5m").toString();

  /** The bundled text. */
  static final String TEXT = ROOT.resolve("examples/text/harbour.txt").toString();

  static CommandRun of(String... args) {
    return of(false, Cancellation.never(), args);
  }

  static CommandRun of(boolean isInteractive, Cancellation cancellation, String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Terminal terminal = new Terminal(utf8(out), utf8(err), isInteractive, cancellation);
    int status = Main.run(args, terminal);
    terminal.flush();
    return new CommandRun(
        status, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream utf8(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, false, StandardCharsets.UTF_8);
  }

  /** The one JSON object that a command with {@code --json} writes. */
  JsonValue.Obj json() {
    assertEquals(0, status, err);
    return JsonParser.parseObject(out.getBytes(StandardCharsets.UTF_8));
  }

  /** The names of the members of the JSON object. */
  List<String> members() {
    return List.copyOf(json().members().keySet());
  }

  /** A number of the JSON object. */
  double number(String member) {
    return json().getDouble(member).orElseThrow();
  }

  /** Expects a failure with one message, no stack trace, and nothing on standard output. */
  void requireFailure(int expectedStatus, String... parts) {
    assertEquals(expectedStatus, status, err);
    assertEquals("", out);
    assertTrue(err.startsWith("quant: "), err);
    assertFalse(err.contains("\tat "), err);
    assertEquals(1, err.lines().filter(line -> line.startsWith("quant: ")).count(), err);
    for (String part : parts) {
      assertTrue(err.contains(part), () -> "'" + part + "' is not in: " + err);
    }
  }
}
