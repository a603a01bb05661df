// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model;

import io.github.quant4j.io.FileChecksums;
import io.github.quant4j.io.InputFiles;
import io.github.quant4j.io.ModelDirectory;
import io.github.quant4j.io.TensorFileException;
import io.github.quant4j.io.gguf.GgufFile;
import io.github.quant4j.io.quantized.GgufVerifier;
import io.github.quant4j.io.quantized.ModelVerifier;
import io.github.quant4j.io.quantized.Problem;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.text.InvalidTokenizerException;
import io.github.quant4j.text.TokenizerFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Looks for everything that would keep a stored model from running as it was written. */
public final class ModelCheck {
  private final Path directory;
  private final ProgressListener progress;
  private final Cancellation cancellation;

  private ModelCheck(Path directory, ProgressListener progress, Cancellation cancellation) {
    this.directory = directory;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  /**
   * Prepares to verify a model.
   *
   * @param directory the model's directory, or a GGUF file
   * @return the check, which has read nothing yet
   */
  public static ModelCheck of(Path directory) {
    return new ModelCheck(directory, ProgressListener.none(), Cancellation.onInterrupt());
  }

  /**
   * The same with a listener.
   *
   * @param listener is told of tensors, each of which is looked at twice: its checksum, its values
   * @return the changed check
   */
  public ModelCheck progress(ProgressListener listener) {
    return new ModelCheck(directory, listener, cancellation);
  }

  /**
   * The same with another way to stop it.
   *
   * @param changed asked before each tensor and within large ones, by default whether the calling
   *     thread is interrupted
   * @return the changed check
   */
  public ModelCheck cancellation(Cancellation changed) {
    return new ModelCheck(directory, progress, changed);
  }

  /**
   * Verifies a model with nobody to tell how far it is, see {@link #run}.
   *
   * @param directory the model's directory, or a GGUF file
   * @return what is wrong; empty if nothing is
   * @throws TensorFileException if there is no such directory
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if the calling thread is interrupted
   */
  public static List<Problem> verify(Path directory) throws IOException {
    return of(directory).run();
  }

  /**
   * Verifies files, checksums, scales, codes and finite values as {@link ModelVerifier} does, then
   * whether the configuration is that of a known architecture and the tensors have the shapes that
   * it says, then the tokenizer if there is one. Of a GGUF file, what {@link GgufVerifier} does and
   * then whether it is a model that is known. Reads every byte of the model.
   *
   * @return what is wrong; empty if nothing is
   * @throws TensorFileException if there is no such directory
   * @throws IOException if reading fails
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public List<Problem> run() throws IOException {
    // Files cannot be opened by a thread that is interrupted.
    cancellation.check();
    Optional<Path> gguf = GgufFile.locate(directory);
    if (gguf.isPresent()) {
      return verifyGguf(gguf.get());
    }
    if (!Files.isDirectory(directory)) {
      ModelDirectory.open(directory).close();
    }
    List<Problem> problems =
        new ArrayList<>(
            ModelVerifier.of(directory).progress(progress).cancellation(cancellation).run());
    cancellation.check();
    addModelProblems(problems);
    Path tokenizer = directory.resolve(SourceTokenizer.FILE);
    if (Files.exists(tokenizer)) {
      try {
        TokenizerFile.load(tokenizer);
      } catch (InvalidTokenizerException e) {
        problems.add(new Problem("tokenizer", String.valueOf(e.getMessage())));
      }
    }
    return List.copyOf(problems);
  }

  private List<Problem> verifyGguf(Path file) throws IOException {
    InputFiles.requireReadableFile(file, "a GGUF file");
    List<Problem> problems = new ArrayList<>(GgufVerifier.verify(file, progress, cancellation));
    cancellation.check();
    if (isModel(file)) {
      addModelProblems(problems);
    }
    return List.copyOf(problems);
  }

  /** Whether a file can be opened and is not, say, an importance matrix. */
  private static boolean isModel(Path file) throws IOException {
    try (GgufFile opened = GgufFile.open(file)) {
      return opened.metadata().find("general.architecture").isPresent();
    } catch (TensorFileException _) {
      // It is among the problems already.
      return false;
    }
  }

  /** Sound is read from directories only. */
  private static boolean isSpeechRecognizer(Path path) throws IOException {
    return GgufFile.locate(path).isEmpty() && SpeechRecognizer.isIn(path);
  }

  private static boolean isSpeechEncoder(Path path) throws IOException {
    return GgufFile.locate(path).isEmpty() && SpeechEncoder.isIn(path);
  }

  /** What keeps the model from running. */
  private void addModelProblems(List<Problem> problems) throws IOException {
    boolean readable = problems.isEmpty();
    try {
      openAndClose(directory);
    } catch (InvalidModelException e) {
      List<String> known = problems.stream().map(Problem::subject).toList();
      e.problems().stream()
          // What has been said of a tensor or a module is not said again.
          .filter(problem -> known.stream().noneMatch(problem::contains))
          .forEach(problem -> problems.add(new Problem("model", problem)));
    } catch (TensorFileException | UncheckedIOException e) {
      // What keeps files from being read has been found already, unless it has just happened.
      if (readable) {
        problems.add(new Problem(directory.toString(), String.valueOf(e.getMessage())));
      }
    }
  }

  /**
   * What may matter in a model that runs: members of the configuration that are not known, tensors
   * that are not used.
   *
   * @param directory the model's directory, or a GGUF file
   * @return one line for each; empty also for a model that cannot be opened, whose problems {@link
   *     #verify} tells
   * @throws IOException if reading fails
   */
  public static List<String> warnings(Path directory) throws IOException {
    List<String> files =
        Files.isDirectory(directory) ? FileChecksums.problems(directory) : List.of();
    try {
      List<String> all;
      if (isSpeechRecognizer(directory)) {
        try (SpeechRecognizer recognizer = SpeechRecognizer.open(directory)) {
          all = recognizer.warnings();
        }
      } else if (isSpeechEncoder(directory)) {
        try (SpeechEncoder encoder = SpeechEncoder.open(directory)) {
          all = encoder.warnings();
        }
      } else {
        try (LanguageModel model = LanguageModel.open(directory)) {
          all = model.warnings();
        }
      }
      return all.stream().filter(warning -> !files.contains(warning)).toList();
    } catch (InvalidModelException | TensorFileException | UncheckedIOException e) {
      return List.of();
    }
  }

  private static void openAndClose(Path directory) throws IOException {
    if (isSpeechRecognizer(directory)) {
      SpeechRecognizer.open(directory).close();
    } else if (isSpeechEncoder(directory)) {
      SpeechEncoder.open(directory).close();
    } else {
      LanguageModel.open(directory).close();
    }
  }
}
