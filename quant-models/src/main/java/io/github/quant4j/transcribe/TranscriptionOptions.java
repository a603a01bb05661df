// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.List;
import java.util.Optional;

/**
 * How speech is transcribed.
 *
 * <p>A window is decoded at the first temperature. If its text compresses too well, as repetitions
 * do, or is too unlikely, it is decoded anew at the next one; what the last one gives stands. A
 * window whose text is too unlikely and that is probably silence is left out.
 *
 * @param language a name such as {@code english} or a code such as {@code en}; empty to detect it,
 *     or for a model of English only
 * @param task transcription, or translation into English; empty for what the model's configuration
 *     says, and transcription if it says nothing
 * @param timestamps whether the model writes time stamps, which divide the text into segments; it
 *     always does for recordings longer than a window, since windows follow each other by them
 * @param beams how many texts are kept in mind at temperature 0; 1 for greedy search
 * @param lengthPenalty power of the length that divides a beam's log probability
 * @param maximumTokens the most tokens of a window, without the prompt; 0 for what the model allows
 * @param temperatures at least one, each of at least 0; 0 takes the likeliest token
 * @param compressionRatioThreshold a text that zlib shortens by more than this factor is decoded
 *     anew; infinity for none
 * @param logProbabilityThreshold a text whose mean log probability is less than this is decoded
 *     anew; negative infinity for none
 * @param noSpeechThreshold such a text is left out if silence is more probable than this; infinity
 *     for never
 * @param conditionOnPrevious whether the text of the windows before is put into the prompt
 * @param seed what draws at temperatures above 0 depend on
 */
public record TranscriptionOptions(
    Optional<String> language,
    Optional<Task> task,
    boolean timestamps,
    int beams,
    double lengthPenalty,
    int maximumTokens,
    List<Double> temperatures,
    double compressionRatioThreshold,
    double logProbabilityThreshold,
    double noSpeechThreshold,
    boolean conditionOnPrevious,
    long seed) {
  private static final int MOST_BEAMS = 1024;

  /**
   * Checks the ranges.
   *
   * @throws IllegalArgumentException if a value is out of range
   */
  public TranscriptionOptions {
    temperatures = List.copyOf(temperatures);
    if (beams < 1 || beams > MOST_BEAMS) {
      throw new IllegalArgumentException("beams: " + beams + ", expected 1 to " + MOST_BEAMS);
    }
    if (!Double.isFinite(lengthPenalty)) {
      throw new IllegalArgumentException(
          "length penalty: " + lengthPenalty + ", expected a finite number");
    }
    if (maximumTokens < 0) {
      throw new IllegalArgumentException(
          "maximum tokens: " + maximumTokens + ", expected at least 0");
    }
    if (temperatures.isEmpty()) {
      throw new IllegalArgumentException("temperatures: none, expected at least one");
    }
    for (double temperature : temperatures) {
      if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            "temperatures: " + temperature + ", expected finite numbers of at least 0");
      }
    }
    requireNumber("compression ratio threshold", compressionRatioThreshold);
    requireNumber("log probability threshold", logProbabilityThreshold);
    requireNumber("no-speech threshold", noSpeechThreshold);
  }

  private static void requireNumber(String name, double value) {
    if (Double.isNaN(value)) {
      throw new IllegalArgumentException(name + ": NaN, expected a number");
    }
  }

  /**
   * Greedy search with the fallback of OpenAI's program: temperatures from 0 to 1 in steps of 0.2,
   * a compression ratio of 2.4, a mean log probability of -1, silence at 0.6. The language is
   * detected, and there are no time stamps in recordings of one window.
   *
   * @return the options
   */
  public static TranscriptionOptions defaults() {
    return new TranscriptionOptions(
        Optional.empty(),
        Optional.empty(),
        false,
        1,
        1,
        0,
        List.of(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        2.4,
        -1,
        0.6,
        false,
        0);
  }

  /**
   * The likeliest text at temperature 0, whatever it is.
   *
   * @return the options
   */
  public static TranscriptionOptions withoutFallback() {
    return defaults()
        .withTemperatures(List.of(0.0))
        .withThresholds(
            Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
  }

  /**
   * The same for another language.
   *
   * @param value a name or a code
   * @return the changed options
   */
  public TranscriptionOptions withLanguage(String value) {
    return new TranscriptionOptions(
        Optional.of(value),
        task,
        timestamps,
        beams,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same for another task.
   *
   * @param value the task
   * @return the changed options
   */
  public TranscriptionOptions withTask(Task value) {
    return new TranscriptionOptions(
        language,
        Optional.of(value),
        timestamps,
        beams,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same with or without time stamps.
   *
   * @param value whether the model writes them
   * @return the changed options
   */
  public TranscriptionOptions withTimestamps(boolean value) {
    return new TranscriptionOptions(
        language,
        task,
        value,
        beams,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same with more or fewer beams.
   *
   * @param value 1 for greedy search
   * @return the changed options
   */
  public TranscriptionOptions withBeams(int value) {
    return new TranscriptionOptions(
        language,
        task,
        timestamps,
        value,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same with another limit.
   *
   * @param value the most tokens of a window; 0 for what the model allows
   * @return the changed options
   */
  public TranscriptionOptions withMaximumTokens(int value) {
    return new TranscriptionOptions(
        language,
        task,
        timestamps,
        beams,
        lengthPenalty,
        value,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same with other temperatures.
   *
   * @param values in the order in which they are tried
   * @return the changed options
   */
  public TranscriptionOptions withTemperatures(List<Double> values) {
    return new TranscriptionOptions(
        language,
        task,
        timestamps,
        beams,
        lengthPenalty,
        maximumTokens,
        values,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same with other thresholds.
   *
   * @param compressionRatio of the text, infinity for none
   * @param logProbability mean of the tokens, negative infinity for none
   * @param noSpeech probability of silence, infinity for none
   * @return the changed options
   */
  public TranscriptionOptions withThresholds(
      double compressionRatio, double logProbability, double noSpeech) {
    return new TranscriptionOptions(
        language,
        task,
        timestamps,
        beams,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatio,
        logProbability,
        noSpeech,
        conditionOnPrevious,
        seed);
  }

  /**
   * The same with or without the text before.
   *
   * @param value whether it is put into the prompt
   * @return the changed options
   */
  public TranscriptionOptions withConditionOnPrevious(boolean value) {
    return new TranscriptionOptions(
        language,
        task,
        timestamps,
        beams,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        value,
        seed);
  }

  /**
   * The same with other draws.
   *
   * @param value the seed
   * @return the changed options
   */
  public TranscriptionOptions withSeed(long value) {
    return new TranscriptionOptions(
        language,
        task,
        timestamps,
        beams,
        lengthPenalty,
        maximumTokens,
        temperatures,
        compressionRatioThreshold,
        logProbabilityThreshold,
        noSpeechThreshold,
        conditionOnPrevious,
        value);
  }
}
