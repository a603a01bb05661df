// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import picocli.CommandLine;

/** The program behind {@code ./quant}. */
public final class Main {
  private Main() {}

  /**
   * Runs a command and ends the process with its exit status.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    StandardError.attach();
    Interruption interruption = new Interruption();
    // Work that is interrupted removes what it has half written before the process ends.
    Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(interruption::stop));
    Terminal terminal =
        new Terminal(
            new ResultStream(new FileOutputStream(FileDescriptor.out)),
            new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
            Boolean.getBoolean("quant4j.terminal"),
            interruption);
    int status = run(args, terminal, interruption);
    terminal.flush();
    interruption.finished();
    System.exit(status);
  }

  /**
   * Runs a command.
   *
   * @param args the command line
   * @param terminal where the output goes
   * @return the exit status: 0 on success, 1 when the work failed, 2 when the call or its input is
   *     wrong
   */
  public static int run(String[] args, Terminal terminal) {
    return run(args, terminal, new Interruption());
  }

  private static int run(String[] args, Terminal terminal, Interruption interruption) {
    Quant quant = new Quant(terminal, interruption);
    try {
      int status = commandLine(quant).execute(args);
      if (status == 0) {
        terminal.requireWritten();
      }
      return status;
    } catch (Throwable e) {
      // Errors, such as a heap that is full; exceptions have been dealt with.
      return quant.report(e);
    }
  }

  private static CommandLine commandLine(Quant quant) {
    CommandLine line =
        new CommandLine(quant)
            .addSubcommand(new DemoCommand(quant))
            .addSubcommand(new QuantizeCommand(quant))
            .addSubcommand(new ConvertCommand(quant))
            .addSubcommand(new EvalCommand(quant))
            .addSubcommand(new GenerateCommand(quant))
            .addSubcommand(new TranscribeCommand(quant))
            .addSubcommand(new WordErrorCommand(quant))
            .addSubcommand(new InspectCommand(quant))
            .addSubcommand(new EstimateCommand(quant))
            .addSubcommand(new CompareCommand(quant))
            .addSubcommand(new StudyCommand(quant))
            .addSubcommand(new HistogramCommand(quant))
            .addSubcommand(new ImportanceCommand(quant))
            .addSubcommand(new SensitivityCommand(quant))
            .addSubcommand(new RecipesCommand(quant))
            .addSubcommand(new VerifyCommand(quant))
            .addSubcommand(new CommandLine.HelpCommand());
    RecipesCommand.explain(Objects.requireNonNull(line.getSubcommands().get("recipes")));
    // A prompt may begin with an @.
    line.setExpandAtFiles(false);
    Conversions.register(line);
    line.setOut(new PrintWriter(quant.terminal().out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(quant.terminal().err(), true, StandardCharsets.UTF_8));
    line.setParameterExceptionHandler((e, args) -> quant.report(e));
    line.setExecutionExceptionHandler((e, command, result) -> quant.report(e));
    return line;
  }
}
