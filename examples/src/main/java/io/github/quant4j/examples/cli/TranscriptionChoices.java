// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import io.github.quant4j.transcribe.Task;
import io.github.quant4j.transcribe.TranscriptionOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How speech is transcribed. */
final class TranscriptionChoices {
  private static final TranscriptionOptions DEFAULTS = TranscriptionOptions.defaults();

  @Option(
      names = "--language",
      paramLabel = "NAME",
      description = "What is spoken, such as english or en (default: detected).")
  private @Nullable String language;

  @Option(
      names = "--task",
      paramLabel = "TASK",
      description = "transcribe, or translate into English (default: transcribe).")
  private @Nullable String task;

  @Option(
      names = "--beams",
      paramLabel = "N",
      description = "Keep so many texts in mind; 1 for greedy search (default: ${DEFAULT-VALUE}).")
  private int beams = DEFAULTS.beams();

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Write at most so many tokens for a window (default: as the model says).")
  private @Nullable Integer maximumTokens;

  @Option(
      names = "--temperatures",
      paramLabel = "T,...",
      description =
          "A window whose text repeats itself or is too unlikely is decoded anew at the next"
              + " temperature; 0 takes the likeliest token (default: 0,0.2,0.4,0.6,0.8,1).")
  private @Nullable String temperatures;

  @Option(
      names = "--compression-ratio",
      paramLabel = "X",
      description = "A text that zlib shortens by more repeats itself (default: ${DEFAULT-VALUE}).")
  private double compressionRatio = DEFAULTS.compressionRatioThreshold();

  @Option(
      names = "--log-probability",
      paramLabel = "X",
      description =
          "A text with a smaller mean log probability is too unlikely (default: ${DEFAULT-VALUE}).")
  private double logProbability = DEFAULTS.logProbabilityThreshold();

  @Option(
      names = "--no-speech",
      paramLabel = "P",
      description =
          "An unlikely text is left out if silence is more probable (default: ${DEFAULT-VALUE}).")
  private double noSpeech = DEFAULTS.noSpeechThreshold();

  @Option(
      names = "--condition-on-previous",
      description = "Let the text of earlier windows lead that of the next.")
  private boolean conditionOnPrevious;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "What draws at temperatures above 0 depend on (default: ${DEFAULT-VALUE}).")
  private long seed;

  /** The options for the library. */
  TranscriptionOptions options(boolean timestamps) {
    NumberRange.atLeast("--beams", beams, 1);
    TranscriptionOptions options =
        DEFAULTS
            .withTimestamps(timestamps)
            .withBeams(beams)
            .withTemperatures(temperatures())
            .withThresholds(compressionRatio, logProbability, noSpeech)
            .withConditionOnPrevious(conditionOnPrevious)
            .withSeed(seed);
    if (maximumTokens != null) {
      NumberRange.atLeast("--max-tokens", maximumTokens, 1);
      options = options.withMaximumTokens(NumberRange.tokens("--max-tokens", maximumTokens));
    }
    if (language != null) {
      options = options.withLanguage(language);
    }
    return task == null ? options : options.withTask(task(task));
  }

  private static Task task(String name) {
    for (Task task : Task.values()) {
      if (task.label().equals(name)) {
        return task;
      }
    }
    throw new UsageException(
        "--task: '"
            + name
            + "', expected one of "
            + String.join(", ", Arrays.stream(Task.values()).map(Task::label).toList()));
  }

  private List<Double> temperatures() {
    if (temperatures == null) {
      return DEFAULTS.temperatures();
    }
    List<Double> values = new ArrayList<>();
    for (String word : temperatures.split(",", -1)) {
      double value;
      try {
        value = Double.parseDouble(word.strip());
      } catch (NumberFormatException _) {
        value = Double.NaN;
      }
      if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
        throw new UsageException(
            "--temperatures: '" + word + "', expected numbers of at least 0, with commas between");
      }
      values.add(value);
    }
    return values;
  }
}
