// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine;

/** The program behind {@code ./quant}. */
public final class Main {
  private static final int SECONDS_TO_CLEAN_UP = 10;

  private Main() {}

  /**
   * Runs a command and ends the process with its exit status.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    StandardError.attach();
    AtomicBoolean stopped = new AtomicBoolean();
    CountDownLatch finished = new CountDownLatch(1);
    // Work that is interrupted removes what it has half written before the process ends.
    Runtime.getRuntime()
        .addShutdownHook(Thread.ofPlatform().unstarted(() -> stop(stopped, finished)));
    Terminal terminal =
        new Terminal(
            utf8(FileDescriptor.out),
            utf8(FileDescriptor.err),
            Boolean.getBoolean("quant4j.terminal"),
            stopped::get);
    int status = run(args, terminal);
    terminal.flush();
    finished.countDown();
    System.exit(status);
  }

  /** The encoding is that of JSON, whatever the locale. */
  private static PrintStream utf8(FileDescriptor descriptor) {
    return new PrintStream(new FileOutputStream(descriptor), true, StandardCharsets.UTF_8);
  }

  private static void stop(AtomicBoolean stopped, CountDownLatch finished) {
    stopped.set(true);
    try {
      boolean _ = finished.await(SECONDS_TO_CLEAN_UP, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
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
    Quant quant = new Quant(terminal);
    try {
      return commandLine(quant).execute(args);
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
            .addSubcommand(new EvalCommand(quant))
            .addSubcommand(new GenerateCommand(quant))
            .addSubcommand(new InspectCommand(quant))
            .addSubcommand(new EstimateCommand(quant))
            .addSubcommand(new CompareCommand(quant))
            .addSubcommand(new RecipesCommand(quant))
            .addSubcommand(new VerifyCommand(quant))
            .addSubcommand(new CommandLine.HelpCommand());
    // A prompt may begin with an @.
    line.setExpandAtFiles(false);
    line.setOut(new PrintWriter(quant.terminal().out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(quant.terminal().err(), true, StandardCharsets.UTF_8));
    line.setParameterExceptionHandler((e, args) -> quant.report(e));
    line.setExecutionExceptionHandler((e, command, result) -> quant.report(e));
    return line;
  }
}
