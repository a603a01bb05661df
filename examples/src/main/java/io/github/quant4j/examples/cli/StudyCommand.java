// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.io.OutputException;
import io.github.quant4j.io.OutputText;
import io.github.quant4j.io.ProtectedInputs;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.report.StudyPage;
import io.github.quant4j.report.figure.Palette;
import io.github.quant4j.report.figure.Scatter;
import io.github.quant4j.report.image.FigureImage;
import io.github.quant4j.study.Bootstrap;
import io.github.quant4j.study.Measure;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.study.StudyResult;
import io.github.quant4j.study.StudyRunner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Computes recipes x models x data x seeds. */
@Command(
    name = "study",
    header = "Compares recipes for models on data with seeds, as a file says; can be resumed.",
    description = {
      "FILE is a list of recipes, a line each, with --model and the options after it, or YAML or"
          + " JSON, its paths relative to it:",
      "  models: [gutenberg-5m]",
      "  data: [{text: harbour.txt, context: 128}]",
      "  recipes: [int4:g64:sym rtn, QuaRot, {file: recipes.txt}]",
      "  calibration: {text: self, samples: 64}   # or a file; 'speech: PATH' for encoders",
      "  seeds: [0, 1]                            # of calibration",
      "  bootstrap: {resamples: 1000, level: 0.95, seed: 0}",
      "Each cell is computed once and kept in DIR; the same call goes on where an earlier one ended,"
          + " whatever ended it. Results are results.json and results.csv, with confidence"
          + " intervals, study.html with figures, and times.json."
    })
final class StudyCommand implements Callable<Integer> {
  private static final String PAGE = "study.html";

  private final Quant quant;

  @Parameters(paramLabel = "FILE", description = "The study, or a list of recipes.")
  private Path file = Path.of("");

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where results and finished cells go (default: the name of FILE and -study).")
  private @Nullable Path out;

  @Option(
      names = "--svg",
      description = "Draw the figures of the page as SVG files too, in light and in dark colours.")
  private boolean drawsVectors;

  @Option(
      names = "--png",
      description = "Draw the figures of the page as PNG files too, which are smaller.")
  private boolean drawsPixels;

  @Mixin private ListedStudyOptions listed = new ListedStudyOptions();

  @Mixin private RuntimeOptions runtime = new RuntimeOptions();

  StudyCommand(Quant quant) {
    this.quant = quant;
  }

  @Override
  public Integer call() throws IOException {
    StudyFile study = listed.read(file);
    Path directory = out == null ? defaultDirectory() : out;
    requireApart(study, directory);
    OutputPaths.requireDirectories("--out", directory);
    quant.cleansUp();
    StudyResult result;
    try (ProgressLine progress = quant.progress();
        StudyCells cells =
            StudyCells.open(
                study, runtime.modelOptions(), progress, quant.terminal().cancellation())) {
      result = StudyRunner.in(directory).progress(progress).run(cells.all());
    }
    write(directory, result, study.bootstrap());
    if (quant.isJson()) {
      quant.print(JsonWriter.compact(result.toJson(study.bootstrap())));
    } else {
      lines(result, study.bootstrap()).forEach(quant::print);
      quant.print("counted  " + RecipeStudy.counted());
      quant.print("results  " + directory.resolve("results.csv"));
      quant.print("page     " + directory.resolve(PAGE));
    }
    result.problems().forEach(problem -> quant.terminal().err().println("quant: " + problem));
    return result.problems().isEmpty() ? 0 : Failure.WORK;
  }

  private Path defaultDirectory() {
    String name = String.valueOf(file.getFileName());
    int dot = name.lastIndexOf('.');
    return Path.of((dot > 0 ? name.substring(0, dot) : name) + "-study");
  }

  private static void requireApart(StudyFile study, Path directory) throws IOException {
    List<Path> inputs = new ArrayList<>();
    study.models().forEach(model -> inputs.add(model.directory()));
    study.data().forEach(data -> inputs.add(data.path()));
    study.calibration().text().ifPresent(inputs::add);
    study.calibration().speech().ifPresent(inputs::add);
    try {
      ProtectedInputs.of(inputs).requireApartFromDirectory(directory);
    } catch (OutputException e) {
      throw new UsageException("--out: " + Objects.requireNonNull(e.getMessage()));
    }
  }

  private void write(Path directory, StudyResult result, Bootstrap bootstrap) throws IOException {
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw new OutputException(directory, e);
    }
    OutputText.write(
        directory.resolve("results.json"), JsonWriter.pretty(result.toJson(bootstrap)));
    OutputText.write(directory.resolve("results.csv"), result.toCsv(bootstrap));
    OutputText.write(directory.resolve("times.json"), JsonWriter.pretty(result.times()));
    OutputText.write(
        directory.resolve(PAGE),
        StudyPage.of(String.valueOf(file.getFileName()), result, bootstrap).html());
    for (Scatter figure : StudyPage.figures(result)) {
      String name = figure.title().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-");
      draw(FigureImage.of(figure), directory.resolve(name));
      draw(FigureImage.of(figure).palette(Palette.DARK), directory.resolve(name + "-dark"));
    }
  }

  private void draw(FigureImage image, Path stem) throws IOException {
    if (drawsVectors) {
      image.writeSvg(stem.resolveSibling(stem.getFileName() + ".svg"));
    }
    if (drawsPixels) {
      image.writePng(stem.resolveSibling(stem.getFileName() + ".png"));
    }
  }

  /** A table for each group of rows with the same measures. */
  private static List<String> lines(StudyResult result, Bootstrap bootstrap) {
    List<String> lines = new ArrayList<>();
    List<String> titles = List.of();
    @Nullable Table table = null;
    for (StudyResult.Entry entry : result.entries()) {
      Optional<RecipeStudy.Row> row = entry.row();
      if (row.isEmpty()) {
        continue;
      }
      List<String> own =
          new ArrayList<>(List.of("recipe", "model", "data", "seed", "bits", "size"));
      for (Measure measure : row.get().measures().all()) {
        own.add(RecipeTable.title(measure));
        own.add(String.format(Locale.ROOT, "%.0f %%", 100 * bootstrap.level()));
      }
      own.add("Mbitops");
      if (table == null || !own.equals(titles)) {
        if (table != null) {
          lines.addAll(table.lines());
        }
        titles = own;
        table = new Table(3, own.toArray(String[]::new));
      }
      table.add(cells(entry, row.get(), bootstrap));
    }
    if (table != null) {
      lines.addAll(table.lines());
    }
    return lines;
  }

  private static String[] cells(StudyResult.Entry entry, RecipeStudy.Row row, Bootstrap bootstrap) {
    List<String> cells = new ArrayList<>();
    cells.add(row.recipe().equals(RecipeStudy.ORIGINAL) ? "full precision" : row.recipe());
    cells.add(entry.model());
    cells.add(entry.data());
    cells.add(Long.toString(entry.seed()));
    cells.add(Numbers.fixed(row.bitsPerWeight(), 2));
    cells.add(Numbers.bytes((double) row.bytes()));
    for (Measure measure : row.measures().all()) {
      cells.add(RecipeTable.number(measure.name(), measure.value()));
      cells.add(
          measure
              .interval(bootstrap)
              .map(
                  interval ->
                      RecipeTable.number(measure.name(), interval.low())
                          + " to "
                          + RecipeTable.number(measure.name(), interval.high()))
              .orElse("-"));
    }
    cells.add(Numbers.fixed(row.operations().product() / 1e6, 0));
    return cells.toArray(String[]::new);
  }
}
