// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** What all commands share: the output, and what goes wrong. */
@Command(
    name = "quant",
    header = "Quantizes language models and runs them.",
    description = {
      "A MODEL_DIR is a Hugging Face model directory of a decoder (docs/families.md lists the"
          + " families) or of Whisper, full precision or quantized.",
      "New here? './quant demo' quantizes a bundled model and compares the results."
    },
    footer = {
      "",
      "Exit status: 0 on success, 1 when the work failed, 2 when the call or its input is wrong.",
      "'quant help COMMAND' lists the options of a command."
    },
    synopsisSubcommandLabel = "COMMAND",
    versionProvider = Quant.Version.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    usageHelpAutoWidth = true,
    sortOptions = false)
final class Quant implements Callable<Integer> {
  private final Terminal terminal;
  private final Interruption interruption;

  @Spec private @Nullable CommandSpec spec;

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "Print one JSON object on standard output and nothing else there.")
  private boolean json;

  @Option(names = "--quiet", scope = ScopeType.INHERIT, description = "Do not show progress.")
  private boolean quiet;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "Show the stack trace of an error.")
  private boolean debug;

  Quant(Terminal terminal, Interruption interruption) {
    this.terminal = terminal;
    this.interruption = interruption;
  }

  @Override
  public Integer call() {
    throw new UsageException("no command, expected one of " + commands() + "; see 'quant help'");
  }

  private String commands() {
    return spec == null ? "" : String.join(", ", spec.subcommands().keySet());
  }

  Terminal terminal() {
    return terminal;
  }

  /** Whether the result is to be printed as JSON. */
  boolean isJson() {
    return json;
  }

  /** Prints the result as one line of JSON. */
  void print(Map<String, ?> members) {
    print(JsonWriter.compact(JsonValue.of(members)));
  }

  /** Prints a line of the result for people. */
  void print(String line) {
    terminal.out().println(line);
    terminal.requireWritten();
  }

  /** Prints a piece of the result, which is not to wait for the rest. */
  void write(String text) {
    terminal.out().print(text);
    terminal.requireWritten();
  }

  /** Says that the command begins to write: after a signal it is given time to clean up. */
  void cleansUp() {
    interruption.cleansUp();
  }

  /** Shows how far long work is; to be closed at its end. */
  ProgressLine progress() {
    return new ProgressLine(terminal, quiet);
  }

  /** Says what went wrong, in one message, and gives the exit status. */
  int report(Throwable problem) {
    Failure failure = Failure.of(problem);
    terminal.err().println("quant: " + failure.message());
    if (debug) {
      problem.printStackTrace(terminal.err());
    }
    terminal.flush();
    return failure.status();
  }

  /** Reads the version from the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Quant.class.getPackage().getImplementationVersion();
      return new String[] {
        "quant " + (version == null ? "(development build)" : version),
        "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
      };
    }
  }
}
