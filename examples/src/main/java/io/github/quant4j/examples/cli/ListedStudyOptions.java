// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.study.Bootstrap;
import io.github.quant4j.study.RecipeStudy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a list of recipes does not say of a study. Paths are relative to the working directory. */
final class ListedStudyOptions {
  private static final String ONCE =
      ", expected it once; a study in YAML or JSON gives each a 'name' of its own";

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description =
          "A model for the recipes of FILE, which then is a list of them, one a line; # begins a"
              + " comment. May be given several times, as --text, --speech and --seed.")
  private List<Path> models = new ArrayList<>();

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = "With --model: a text to evaluate language models on, in UTF-8.")
  private List<Path> texts = new ArrayList<>();

  @Option(
      names = "--speech",
      paramLabel = "PATH",
      description =
          "With --model: speech to evaluate speech encoders on, a WAV file or a folder of them.")
  private List<Path> speech = new ArrayList<>();

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "With --text: tokens of an evaluated window (default: 256).")
  private @Nullable Integer context;

  @Option(
      names = "--max-windows",
      paramLabel = "N",
      description = "With --model: evaluate at most so many windows or segments (default: all).")
  private @Nullable Integer maximumWindows;

  @Option(
      names = "--calib",
      paramLabel = "FILE",
      description =
          "With --model: text to calibrate on; 'self' lets the model write it (default: self). With"
              + " --speech a WAV file or a folder of them.")
  private @Nullable String calibration;

  @Option(
      names = "--samples",
      paramLabel = "N",
      description =
          "With --model: windows of 256 tokens of calibration text, or at most so many segments of"
              + " 30 seconds of speech (default: 64).")
  private @Nullable Integer samples;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "With --model: what the choice of calibration text depends on (default: 0).")
  private List<Long> seeds = new ArrayList<>();

  /** The study of a file: of a list of recipes if there is a model for it. */
  StudyFile read(Path file) throws IOException {
    if (models.isEmpty()) {
      requireUnused();
      return StudyFile.read(file);
    }
    if (texts.isEmpty() == speech.isEmpty()) {
      throw new UsageException(
          texts.isEmpty()
              ? "--model: missing --text FILE, or --speech PATH for a speech encoder"
              : "--speech: in addition to --text, expected one of them");
    }
    if (context != null) {
      NumberRange.context(context);
    }
    SequencedSet<String> recipes = new LinkedHashSet<>();
    recipes.add(RecipeStudy.ORIGINAL);
    List<String> listed = StudyFile.listed(file);
    if (listed.isEmpty()) {
      throw new UsageException(file + ": no recipes, expected at least one");
    }
    recipes.addAll(listed);
    return new StudyFile(
        named(),
        data(),
        List.copyOf(recipes),
        calibrations(),
        seeds.isEmpty() ? List.of(0L) : seeds.stream().distinct().toList(),
        Bootstrap.defaults());
  }

  private void requireUnused() {
    Stream.of(
            texts.isEmpty() ? null : "--text",
            speech.isEmpty() ? null : "--speech",
            context == null ? null : "--context",
            maximumWindows == null ? null : "--max-windows",
            calibration == null ? null : "--calib",
            samples == null ? null : "--samples",
            seeds.isEmpty() ? null : "--seed")
        .filter(Objects::nonNull)
        .findFirst()
        .ifPresent(
            option -> {
              throw new UsageException(
                  option
                      + ": without --model; expected it for a list of recipes, while a study in YAML"
                      + " or JSON says all by itself");
            });
  }

  private List<StudyFile.Model> named() {
    List<StudyFile.Model> named =
        models.stream()
            .map(model -> new StudyFile.Model(name(model.toAbsolutePath().normalize()), model))
            .toList();
    StudyFile.requireUnique("--model", named.stream().map(StudyFile.Model::name).toList(), ONCE);
    return named;
  }

  private static String name(Path path) {
    return String.valueOf(path.getFileName());
  }

  private List<StudyFile.Data> data() {
    boolean isSpeech = !speech.isEmpty();
    int most =
        maximumWindows == null
            ? Integer.MAX_VALUE
            : NumberRange.atLeast("--max-windows", maximumWindows, 1);
    if (isSpeech && context != null) {
      throw new UsageException("--context: of speech, expected it of text alone");
    }
    List<StudyFile.Data> data =
        (isSpeech ? speech : texts)
            .stream()
                .map(
                    path ->
                        new StudyFile.Data(
                            StudyFile.name(path.toAbsolutePath().normalize()),
                            isSpeech,
                            path,
                            Optional.ofNullable(context),
                            most))
                .toList();
    StudyFile.requireUnique(
        isSpeech ? "--speech" : "--text", data.stream().map(StudyFile.Data::name).toList(), ONCE);
    return data;
  }

  private StudyFile.Calibrations calibrations() {
    int count = samples == null ? StudyFile.DEFAULT_SAMPLES : NumberRange.samples(samples);
    Optional<Path> given =
        calibration == null || calibration.equals("self")
            ? Optional.empty()
            : Optional.of(Conversions.path("--calib", calibration));
    if (speech.isEmpty()) {
      return new StudyFile.Calibrations(given, Optional.empty(), count, Optional.empty());
    }
    if (given.isEmpty()) {
      throw new UsageException(
          "--calib: missing, but a speech encoder writes no text to calibrate on; expected a WAV"
              + " file or a folder of them");
    }
    return new StudyFile.Calibrations(Optional.empty(), given, count, Optional.empty());
  }
}
