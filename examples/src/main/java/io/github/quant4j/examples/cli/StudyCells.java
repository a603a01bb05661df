// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.evaluate.EvaluationOptions;
import io.github.quant4j.model.LanguageModel;
import io.github.quant4j.model.SpeechEncoder;
import io.github.quant4j.model.config.ModelOptions;
import io.github.quant4j.pipeline.Calibration;
import io.github.quant4j.progress.Cancellation;
import io.github.quant4j.progress.ProgressListener;
import io.github.quant4j.study.PredictionEvaluator;
import io.github.quant4j.study.RecipeStudy;
import io.github.quant4j.study.SharedCalibration;
import io.github.quant4j.study.StudyCell;
import io.github.quant4j.tensor.FloatMatrix;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The cells of a study file, with its models open: each model on the data that it can read, with
 * each seed, by each recipe. The calibration of a speech encoder does not depend on seeds, so that
 * it has cells for the first one alone.
 */
final class StudyCells implements AutoCloseable {
  private static final int DEFAULT_CONTEXT = 256;

  private final StudyFile file;
  private final ProgressListener progress;
  private final Cancellation cancellation;
  private final List<AnyModel> open = new ArrayList<>();
  private final List<StudyCell> cells = new ArrayList<>();

  private StudyCells(StudyFile file, ProgressListener progress, Cancellation cancellation) {
    this.file = file;
    this.progress = progress;
    this.cancellation = cancellation;
  }

  static StudyCells open(
      StudyFile file, ModelOptions options, ProgressListener progress, Cancellation cancellation)
      throws IOException {
    StudyCells cells = new StudyCells(file, progress, cancellation);
    try {
      for (StudyFile.Model model : file.models()) {
        AnyModel opened = AnyModel.open(model.directory(), options);
        cells.open.add(opened);
        cells.add(model.name(), opened);
      }
      cells.requireUsed();
      return cells;
    } catch (IOException | RuntimeException | Error e) {
      cells.close();
      throw e;
    }
  }

  List<StudyCell> all() {
    return List.copyOf(cells);
  }

  private void add(String name, AnyModel opened) throws IOException {
    int before = cells.size();
    switch (opened) {
      case AnyModel.Text(var language) -> addLanguage(name, language);
      case AnyModel.Speech(var encoder) -> addSpeech(name, encoder);
    }
    if (cells.size() == before) {
      throw new UsageException(
          "models: "
              + name
              + " reads none of the data; expected a "
              + (opened instanceof AnyModel.Text ? "text" : "speech"));
    }
  }

  private void requireUsed() {
    for (StudyFile.Data data : file.data()) {
      if (cells.stream().noneMatch(cell -> cell.data().equals(data.name()))) {
        throw new UsageException(
            "data: no model reads "
                + data.name()
                + (data.isSpeech()
                    ? ", expected a speech encoder"
                    : ", expected a language model"));
      }
    }
  }

  private void addLanguage(String name, LanguageModel model) throws IOException {
    List<SharedCalibration> calibrations = new ArrayList<>();
    for (long seed : file.seeds()) {
      calibrations.add(SharedCalibration.of(model, calibration(model, seed)));
    }
    for (StudyFile.Data data : file.data()) {
      if (data.isSpeech()) {
        continue;
      }
      int context =
          data.context()
              .orElseGet(
                  () -> Math.min(EvaluationOptions.defaults().context(), model.maximumPositions()));
      PredictionEvaluator evaluator =
          PredictionEvaluator.of(
              model,
              TextWindows.tokens(model, data.path(), TextFile.read(data.path()), context),
              EvaluationOptions.defaults()
                  .withContext(context)
                  .withMaximumWindows(data.maximumWindows()));
      for (int i = 0; i < calibrations.size(); i++) {
        add(
            name,
            data.name(),
            file.seeds().get(i),
            RecipeStudy.of(model, calibrations.get(i), evaluator));
      }
    }
  }

  private Calibration calibration(LanguageModel model, long seed) throws IOException {
    StudyFile.Calibrations chosen = file.calibration();
    int context =
        chosen.context().orElseGet(() -> Math.min(DEFAULT_CONTEXT, model.maximumPositions()));
    return chosen.text().isPresent()
        ? new Calibration.Text(TextFile.read(chosen.text().get()), chosen.samples(), context, seed)
        : new Calibration.SelfGenerated(chosen.samples(), context, seed);
  }

  private void addSpeech(String name, SpeechEncoder encoder) throws IOException {
    for (StudyFile.Data data : file.data()) {
      if (!data.isSpeech()) {
        continue;
      }
      Path speech =
          file.calibration()
              .speech()
              .orElseThrow(
                  () ->
                      new UsageException(
                          "calibration: missing 'speech', but a speech encoder writes no text to"
                              + " calibrate on; expected a WAV file or a folder of them"));
      List<FloatMatrix> calibration =
          SpeechFiles.spectrograms(
              encoder, speech, file.calibration().samples(), "calibration.samples");
      add(
          name,
          data.name(),
          file.seeds().getFirst(),
          RecipeStudy.of(
              encoder,
              calibration,
              SpeechFiles.spectrograms(
                  encoder, data.path(), data.maximumWindows(), "data.max-windows")));
    }
  }

  private void add(String model, String data, long seed, RecipeStudy<?> study) {
    RecipeStudy<?> observed = study.progress(progress).cancellation(cancellation);
    for (String recipe : file.recipes()) {
      cells.add(new StudyCell(model, data, seed, recipe, observed));
    }
  }

  @Override
  public void close() {
    open.forEach(AnyModel::close);
  }
}
