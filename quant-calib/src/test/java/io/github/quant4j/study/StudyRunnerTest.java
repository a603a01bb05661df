// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.study;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.io.OutputException;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.pipeline.PlanException;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.testing.SeededRandom;
import io.github.quant4j.testing.models.TestModels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import java.util.concurrent.CancellationException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StudyRunnerTest {
  private static final String UNCALIBRATED = "int8:channel:sym rtn";
  private static final String CALIBRATED = "int4:g16:sym gptq";

  @TempDir private Path directory;
  private LanguageModel model;
  private int measured;
  private String refused = "";
  private Runnable whileMeasuring = () -> {};

  @BeforeEach
  void open() throws IOException {
    model =
        LanguageModel.open(
            TestModels.directory("llama-untied"), ModelOptions.defaults().withThreads(1));
  }

  @AfterEach
  void close() {
    model.close();
  }

  /** Counts what is measured, and may find one recipe's numbers not to be finite. */
  private final class Counting implements Evaluator {
    private final Evaluator inner;

    Counting(Evaluator inner) {
      this.inner = inner;
    }

    @Override
    public SequencedMap<String, String> dependencies() {
      return inner.dependencies();
    }

    @Override
    public Measures original(ProgressListener progress, Cancellation cancellation)
        throws IOException {
      measured++;
      return inner.original(progress, cancellation);
    }

    @Override
    public Measures quantized(Path quantized, ProgressListener progress, Cancellation cancellation)
        throws IOException {
      measured++;
      whileMeasuring.run();
      if (!refused.isEmpty()
          && Files.readString(quantized.resolve("quantization-report.json")).contains(refused)) {
        throw new ArithmeticException("the prediction at position 3 is not finite");
      }
      return inner.quantized(quantized, progress, cancellation);
    }
  }

  private List<StudyCell> cells(List<String> recipes, long... seeds) {
    SeededRandom random = new SeededRandom(2);
    int[] text = new int[120];
    for (int i = 0; i < text.length; i++) {
      text[i] = random.nextInt(0, 64);
    }
    List<StudyCell> cells = new ArrayList<>();
    for (long seed : seeds) {
      RecipeStudy<int[]> study =
          RecipeStudy.of(
              model,
              SharedCalibration.of(model, new Calibration.SelfGenerated(2, 16, seed)),
              new Counting(
                  PredictionEvaluator.of(
                      model, text, EvaluationOptions.defaults().withContext(20))));
      for (String recipe : recipes) {
        cells.add(new StudyCell("llama", "random, \"text\"", seed, recipe, study));
      }
    }
    return cells;
  }

  private static final List<String> RECIPES =
      List.of(RecipeStudy.ORIGINAL, UNCALIBRATED, CALIBRATED);

  private static String bytes(StudyResult result) {
    return result.toJson(Bootstrap.defaults()) + result.toCsv(Bootstrap.defaults());
  }

  @Test
  void cellsAreComputedOnce() throws IOException {
    StudyResult first = StudyRunner.in(directory).run(cells(RECIPES, 0));
    assertEquals(3, measured);
    StudyResult second = StudyRunner.in(directory).run(cells(RECIPES, 0));
    assertEquals(3, measured);
    assertEquals(bytes(first), bytes(second));
    // Another seed changes nothing but what is calibrated.
    StudyResult seeded = StudyRunner.in(directory).run(cells(RECIPES, 0, 1));
    assertEquals(4, measured);
    assertEquals(6, seeded.entries().size());
    assertEquals(
        bytes(StudyRunner.in(directory.resolve("elsewhere")).run(cells(RECIPES, 0, 1))),
        bytes(seeded));
    assertFalse(Files.exists(directory.resolve("models")), "quantized models are not kept");
  }

  @Test
  void rowsAreThoseOfTheStudy() throws IOException {
    List<StudyCell> cells = cells(RECIPES, 0);
    StudyResult result = StudyRunner.in(directory).run(cells);
    RecipeStudy.Row row =
        cells.getLast().study().measure(CALIBRATED, directory.resolve("by-itself"));
    RecipeStudy.Row kept = result.entries().getLast().row().orElseThrow();
    assertEquals(row.measures().all(), kept.measures().all());
    assertEquals(row.bytes(), kept.bytes());
    assertEquals(row.operations(), kept.operations());
    // Read back from disk it is the same.
    StudyResult again = StudyRunner.in(directory).run(cells);
    assertEquals(
        kept.measures().all(), again.entries().getLast().row().orElseThrow().measures().all());
  }

  @Test
  void damagedRowsAreComputedAgain() throws IOException {
    String first = bytes(StudyRunner.in(directory).run(cells(RECIPES, 0)));
    List<Path> files;
    try (Stream<Path> listing = Files.list(directory.resolve("cells"))) {
      files = listing.sorted().toList();
    }
    assertEquals(3, files.size());
    Files.writeString(files.get(0), Files.readString(files.get(0)).replaceFirst("\\d", "8"));
    Files.writeString(files.get(1), Files.readString(files.get(1)).substring(0, 300));
    Files.copy(files.get(0), files.get(2), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    measured = 0;
    assertEquals(first, bytes(StudyRunner.in(directory).run(cells(RECIPES, 0))));
    assertTrue(measured >= 2, measured + " computed again");
    measured = 0;
    assertEquals(first, bytes(StudyRunner.in(directory).run(cells(RECIPES, 0))));
    assertEquals(0, measured);
  }

  @Test
  void aStudyGoesOnWhereItWasStopped() throws IOException {
    String whole = bytes(StudyRunner.in(directory.resolve("whole")).run(cells(RECIPES, 0)));
    for (int after = 1; after < 12; after += 2) {
      Path part = directory.resolve("stopped-" + after);
      int[] asked = {after};
      Cancellation stopping = () -> --asked[0] < 0;
      List<StudyCell> stopped =
          cells(RECIPES, 0).stream()
              .map(
                  cell ->
                      new StudyCell(
                          cell.model(),
                          cell.data(),
                          cell.seed(),
                          cell.recipe(),
                          cell.study().cancellation(stopping)))
              .toList();
      assertThrows(CancellationException.class, () -> StudyRunner.in(part).run(stopped));
      assertEquals(whole, bytes(StudyRunner.in(part).run(cells(RECIPES, 0))), "after " + after);
    }
  }

  @Test
  void whatCannotBeMeasuredIsAProblemOfItsRow() throws IOException {
    refused = "gptq";
    StudyResult result = StudyRunner.in(directory).run(cells(RECIPES, 0));
    assertEquals(1, result.problems().size());
    assertTrue(result.problems().getFirst().contains("position 3"), result.problems().getFirst());
    assertTrue(result.entries().getLast().row().isEmpty());
    assertFalse(Files.exists(directory.resolve("models")), "its model stays");
    // It is tried again, and then it is there.
    refused = "";
    assertTrue(StudyRunner.in(directory).run(cells(RECIPES, 0)).problems().isEmpty());
  }

  @Test
  void recipesThatDoNotSuitAreFoundFirst() {
    PlanException refusal =
        assertThrows(
            PlanException.class,
            () ->
                StudyRunner.in(directory).run(cells(List.of(UNCALIBRATED, "int4:g15:sym rtn"), 0)));
    assertTrue(refusal.problems().getFirst().startsWith("llama: "), refusal::getMessage);
    assertEquals(0, measured);
  }

  @Test
  void aSecondRunInTheDirectoryIsRefusedWhileTheFirstMeasures() throws IOException {
    String alone = bytes(StudyRunner.in(directory.resolve("alone")).run(cells(RECIPES, 0)));
    List<String> refusals = new ArrayList<>();
    whileMeasuring =
        () -> {
          // Another recipe and the same one: it must neither replace nor delete the model.
          for (String recipe : List.of(UNCALIBRATED, CALIBRATED)) {
            refusals.add(
                String.valueOf(
                    assertThrows(
                            OutputException.class,
                            () ->
                                StudyRunner.in(directory)
                                    .compute(cells(List.of(recipe), 0).getFirst()))
                        .getMessage()));
          }
        };
    assertEquals(alone, bytes(StudyRunner.in(directory).run(cells(RECIPES, 0))));
    assertEquals(4, refusals.size());
    for (String refusal : refusals) {
      assertTrue(refusal.contains("is being written by another run"), refusal);
    }
    try (Stream<Path> left = Files.list(directory)) {
      assertEquals(
          List.of("alone", "cells"),
          left.map(path -> path.getFileName().toString()).sorted().toList());
    }
  }

  @Test
  void modelsAreKeptIfAskedFor() throws IOException {
    StudyRunner runner = StudyRunner.in(directory).keepingModels();
    StudyCell cell = cells(RECIPES, 0).getLast();
    Path kept = runner.compute(cell).model().orElseThrow();
    assertTrue(Files.exists(kept.resolve("config.json")));
    assertEquals(1, measured);
    assertEquals(kept, runner.compute(cell).model().orElseThrow());
    assertEquals(1, measured);
    // A row without its model does not do.
    try (Stream<Path> files = Files.list(kept)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(kept);
    runner.compute(cell);
    assertEquals(2, measured);
    assertTrue(Files.exists(kept.resolve("config.json")));
  }

  @Test
  void valuesAreQuotedWhereCommasWould() throws IOException {
    StudyResult result = StudyRunner.in(directory).run(cells(RECIPES, 0));
    List<String> lines = result.toCsv(Bootstrap.defaults()).lines().toList();
    assertEquals(4, lines.size());
    assertTrue(lines.getFirst().startsWith("model,data,seed,recipe,bits_per_weight,"));
    assertTrue(lines.getFirst().contains(",perplexity,perplexity_low,perplexity_high,kl,"));
    assertTrue(lines.get(1).startsWith("llama,\"random, \"\"text\"\"\",0,,16.0,"), lines.get(1));
    JsonValue.Obj cell =
        (JsonValue.Obj)
            result.toJson(Bootstrap.defaults()).getArray("cells").orElseThrow().getLast();
    double perplexity = cell.getDouble("perplexity").orElseThrow();
    assertTrue(
        cell.getDouble("perplexity_low").orElseThrow() < perplexity
            && perplexity < cell.getDouble("perplexity_high").orElseThrow());
    assertTrue(lines.getLast().contains("," + perplexity + ","), lines.getLast());
    assertEquals(3, result.times().getArray("cells").orElseThrow().size());
  }
}
