// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.pipeline.PlanException;
import io.github.quant4j.pipeline.UnfinishedRunException;
import io.github.quant4j.recipe.RecipeException;
import io.github.quant4j.speech.AudioFileException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * What a user is told of an exception.
 *
 * @param status the exit status
 * @param message what was found and what was expected
 */
record Failure(int status, String message) {
  /** The work failed. */
  static final int WORK = 1;

  /** The call or its input is wrong. */
  static final int CALL = 2;

  private static final Set<String> DEVICE_PROBLEMS =
      Set.of(
          "No space left on device",
          "Disk quota exceeded",
          "Input/output error",
          "Too many open files",
          "Too many open files in system",
          "Stale file handle");
  private static final String UNKNOWN_COMMAND = "Unknown subcommand '";
  private static final String INVALID = "Invalid value for ";
  private static final long MEGABYTE = 1_000_000;
  private static final int LONGEST_LINE = 100;

  static Failure of(Throwable problem) {
    Failure failure = ofProblem(problem);
    return Stream.of(problem.getSuppressed())
        .filter(UnfinishedRunException.class::isInstance)
        .findFirst()
        .map(kept -> new Failure(failure.status, failure.message + "; " + message(kept)))
        .orElse(failure);
  }

  private static Failure ofProblem(Throwable problem) {
    return switch (problem) {
      case UnmatchedArgumentException e -> new Failure(CALL, unmatched(e));
      case ParameterException e -> parameter(e);
      case UncheckedIOException e -> of(Objects.requireNonNull(e.getCause()));
      case OutputException e -> new Failure(WORK, message(e));
      case TensorFileException e -> new Failure(CALL, message(e));
      case AudioFileException e -> new Failure(CALL, message(e));
      case FileSystemException e -> new Failure(isOfDevice(e) ? WORK : CALL, file(e));
      case IOException e -> new Failure(WORK, "reading or writing failed: " + message(e));
      case RecipeException e -> new Failure(CALL, message(e) + caret(e));
      case PlanException e -> new Failure(CALL, plan(e.problems()));
      case TypeConversionException e -> new Failure(CALL, message(e));
      case InvalidPathException e ->
          new Failure(CALL, "'" + e.getInput() + "' " + Conversions.problem(e));
      case IllegalArgumentException e -> new Failure(CALL, message(e));
      case ArithmeticException e -> new Failure(WORK, message(e));
      case CancellationException _ -> new Failure(WORK, "stopped");
      case InternalError e when String.valueOf(e.getMessage()).contains("memory access") ->
          new Failure(
              WORK, "a file was cut short or could not be read while it was in use: " + message(e));
      case OutOfMemoryError _ -> new Failure(WORK, outOfMemory());
      default -> new Failure(WORK, "internal error: " + problem + "; --debug shows where it arose");
    };
  }

  private static String message(Throwable e) {
    String message = e.getMessage();
    return message == null ? e.toString() : message;
  }

  /** The parser of the command line wraps what commands throw while they check their options. */
  private static Failure parameter(ParameterException e) {
    String message = message(e);
    ArgSpec argument = e.getArgSpec();
    if (argument != null && message.startsWith(INVALID)) {
      String name =
          argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
      message = name + message.substring(message.indexOf(": "));
    }
    if (message.startsWith(UNKNOWN_COMMAND)) {
      // Of 'quant help' with a name that is none.
      String word = message.substring(UNKNOWN_COMMAND.length(), message.lastIndexOf('\''));
      CommandLine parent = e.getCommandLine().getParent();
      return new Failure(
          CALL,
          unmatched(
              new UnmatchedArgumentException(
                  parent == null ? e.getCommandLine() : parent, List.of(word))));
    }
    if (e instanceof MissingParameterException) {
      // The parser begins a sentence.
      message =
          message.replaceFirst("^Missing", "missing")
              + "; see 'quant help "
              + e.getCommandLine().getCommandName()
              + "'";
    }
    return new Failure(CALL, command(e) + message);
  }

  /** The name of the command in front of a complaint about its options. */
  private static String command(ParameterException e) {
    String name = e.getCommandLine().getCommandSpec().name();
    return name.equals("quant") ? "" : name + ": ";
  }

  private static String unmatched(UnmatchedArgumentException e) {
    String word = e.getUnmatched().getFirst();
    boolean isRoot = e.getCommandLine().getParent() == null;
    String kind;
    if (word.startsWith("-")) {
      kind = "unknown option";
    } else {
      kind = isRoot ? "unknown command" : "unexpected argument";
    }
    return command(e) + kind + " '" + word + "'" + suggestions(e);
  }

  /** The nearest word, or where all of them are. */
  private static String suggestions(UnmatchedArgumentException e) {
    List<String> near = e.getSuggestions();
    if (!near.isEmpty()) {
      return "; did you mean '" + near.getFirst() + "'?";
    }
    String name =
        e.getCommandLine().getParent() == null ? "" : " " + e.getCommandLine().getCommandName();
    return "; see 'quant help" + name + "'";
  }

  /** Often all layers have the same problem. */
  private static String plan(List<String> problems) {
    String first = problems.getFirst();
    int more = problems.size() - 1;
    return more == 0
        ? first
        : first + " (and " + more + " more problems, which 'quant estimate' lists)";
  }

  private static String file(FileSystemException e) {
    @Nullable String reason = e.getReason();
    if (reason == null) {
      reason =
          switch (e) {
            case NoSuchFileException _ -> "no such file or directory";
            case AccessDeniedException _ -> "permission denied";
            case NotDirectoryException _ -> "not a directory, expected one";
            case FileAlreadyExistsException _ -> "exists already";
            case DirectoryNotEmptyException _ -> "the directory is not empty";
            case FileSystemLoopException _ -> "symbolic links lead in a circle";
            default -> "cannot be read or written";
          };
    }
    return e.getFile() + ": " + reason;
  }

  /** Points at the word in a recipe that fits a line. */
  private static String caret(RecipeException e) {
    String recipe = e.recipe();
    if (recipe.length() > LONGEST_LINE || recipe.chars().anyMatch(Character::isISOControl)) {
      return "";
    }
    return System.lineSeparator()
        + "  "
        + recipe
        + System.lineSeparator()
        + "  "
        + " ".repeat(e.position())
        + "^".repeat(Math.max(1, e.word().length()));
  }

  /** Whether the disk or the system is to blame rather than the path. */
  private static boolean isOfDevice(FileSystemException e) {
    return DEVICE_PROBLEMS.contains(String.valueOf(e.getReason()));
  }

  private static String outOfMemory() {
    return "out of memory: "
        + Runtime.getRuntime().maxMemory() / MEGABYTE
        + " MB of heap do not suffice; allow more, for example with QUANT_JAVA_OPTS=-Xmx8g, or ask"
        + " for less (shorter --context, fewer --samples or --max-tokens)";
  }
}
