// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputLock;
import io.github.quant4j.pipeline.PlanException;
import io.github.quant4j.pipeline.RunSignature;
import io.github.quant4j.pipeline.SaveOptions;
import io.github.quant4j.progress.ProgressListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Computes the cells of a study, each once: a row is kept in a directory under the {@linkplain
 * RunSignature signature} of the model, the data, the recipe, the calibration, who computes, and
 * the version of the library. Whatever ends the process, the same study goes on where it was, in
 * the middle of a model too, and gives the same rows. While one process computes in a directory,
 * another one is refused there, since it would replace or delete the models of the first.
 *
 * <p>Instances are immutable.
 */
public final class StudyRunner {
  private static final int DIGITS = 16;

  private final Path rows;
  private final Path models;
  private final boolean keepsModels;
  private final ProgressListener progress;

  private StudyRunner(Path rows, Path models, boolean keepsModels, ProgressListener progress) {
    this.rows = rows;
    this.models = models;
    this.keepsModels = keepsModels;
    this.progress = progress;
  }

  /**
   * Prepares to run.
   *
   * @param directory where rows are kept, and models while they are measured; made if it is missing
   * @return the runner
   */
  public static StudyRunner in(Path directory) {
    return new StudyRunner(
        directory.resolve("cells"), directory.resolve("models"), false, ProgressListener.none());
  }

  /**
   * The same with quantized models that are kept.
   *
   * @return the changed runner
   */
  public StudyRunner keepingModels() {
    return new StudyRunner(rows, models, true, progress);
  }

  /**
   * The same with a listener.
   *
   * @param listener is told how many cells are done
   * @return the changed runner
   */
  public StudyRunner progress(ProgressListener listener) {
    return new StudyRunner(rows, models, keepsModels, listener);
  }

  /**
   * The row of a cell, and where its model is.
   *
   * @param row what the recipe does
   * @param signature what it depends on
   * @param model the quantized model, if models are kept and this is not the original
   */
  public record Computed(RecipeStudy.Row row, RunSignature signature, Optional<Path> model) {}

  /**
   * Computes all cells that have not been computed before. A cell in whose midst numbers are not
   * finite, or whose layers cannot be quantized, becomes a row with a problem.
   *
   * @param cells in the order of the result
   * @return a row for each cell
   * @throws PlanException if a recipe does not suit its model; no work has been done
   * @throws OutputException if the directory cannot be written, or another process computes there
   * @throws IOException if a model cannot be read
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public StudyResult run(List<StudyCell> cells) throws IOException {
    String version = LibraryVersion.describe();
    List<RunSignature> signatures = new ArrayList<>();
    Set<String> problems = new LinkedHashSet<>();
    for (StudyCell cell : cells) {
      for (String problem : cell.study().problems(cell.recipe())) {
        problems.add(cell.model() + ": " + problem);
      }
      signatures.add(signature(cell, version));
    }
    if (!problems.isEmpty()) {
      throw new PlanException(List.copyOf(problems));
    }
    List<StudyResult.Entry> entries = new ArrayList<>();
    try (OutputLock _ = lock()) {
      for (int i = 0; i < cells.size(); i++) {
        StudyCell cell = cells.get(i);
        entries.add(entry(cell, signatures.get(i)));
        progress.progressed("cell " + cell, i + 1, cells.size());
      }
      removeEmpty(models);
    }
    return new StudyResult(entries);
  }

  private OutputLock lock() throws IOException {
    makeDirectory(rows);
    return OutputLock.acquire(models.toAbsolutePath());
  }

  private StudyResult.Entry entry(StudyCell cell, RunSignature signature) throws IOException {
    try {
      return StudyResult.Entry.of(cell, signature, compute(cell, signature).row());
    } catch (PlanException e) {
      throw e;
    } catch (IllegalArgumentException | ArithmeticException e) {
      if (!keepsModels) {
        deleteTree(model(signature));
      }
      return StudyResult.Entry.failed(cell, signature, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Computes one cell, unless it has been computed before.
   *
   * @param cell the cell
   * @return its row
   * @throws PlanException if the recipe does not suit the model
   * @throws OutputException if the directory cannot be written, or another process computes there
   * @throws IOException if the model cannot be read
   * @throws IllegalArgumentException if a layer cannot be quantized; the message names it
   * @throws ArithmeticException if numbers are not finite; the message says which
   * @throws java.util.concurrent.CancellationException if it was stopped
   */
  public Computed compute(StudyCell cell) throws IOException {
    RunSignature signature = signature(cell, LibraryVersion.describe());
    try (OutputLock _ = lock()) {
      return compute(cell, signature);
    }
  }

  private static RunSignature signature(StudyCell cell, String version) throws IOException {
    SequencedMap<String, String> parts = new LinkedHashMap<>();
    parts.put("library", version);
    parts.putAll(cell.study().signature(cell.recipe()).parts());
    return RunSignature.of(parts);
  }

  private Computed compute(StudyCell cell, RunSignature signature) throws IOException {
    boolean isOriginal = cell.recipe().equals(RecipeStudy.ORIGINAL);
    Path model = model(signature);
    boolean isModelMissing =
        keepsModels && !isOriginal && !Files.exists(model, LinkOption.NOFOLLOW_LINKS);
    Optional<RecipeStudy.Row> known =
        isModelMissing ? Optional.empty() : CellFile.read(rows, signature);
    RecipeStudy.Row row;
    if (known.isPresent()) {
      row = known.get();
    } else if (isOriginal) {
      row = cell.study().original();
      CellFile.write(rows, signature, row);
    } else {
      makeDirectory(models);
      row = cell.study().measure(cell.recipe(), model, new SaveOptions(true, true));
      CellFile.write(rows, signature, row);
    }
    if (!keepsModels) {
      // Also what a killed run had quantized and not removed.
      deleteTree(model);
    }
    return new Computed(
        row, signature, keepsModels && !isOriginal ? Optional.of(model) : Optional.empty());
  }

  private Path model(RunSignature signature) {
    return models.resolve(signature.id().substring(0, DIGITS));
  }

  private static void makeDirectory(Path directory) throws OutputException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new OutputException(directory, e);
    }
  }

  private static void deleteTree(Path root) throws IOException {
    if (Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      try (Stream<Path> tree = Files.walk(root)) {
        for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(path);
        }
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
  }

  private void removeEmpty(Path directory) throws IOException {
    if (keepsModels || !Files.isDirectory(directory)) {
      return;
    }
    try (Stream<Path> entries = Files.list(directory)) {
      if (entries.findAny().isPresent()) {
        return;
      }
    }
    Files.deleteIfExists(directory);
  }
}
