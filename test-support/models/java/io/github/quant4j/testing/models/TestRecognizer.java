// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.testing.models;

import io.github.quant4j.io.SafetensorsFile;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.tensor.FloatMatrix;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * The small random recognizer, with what the Transformers library makes of it, see {@code
 * quant-models/src/test/resources/models/README.md}.
 */
public final class TestRecognizer {
  /** Its name. */
  public static final String NAME = "whisper-recognizer";

  private TestRecognizer() {}

  /** Where it is. */
  public static Path directory() {
    return TestModels.directory(NAME);
  }

  /** A tensor of the expected file. */
  public static FloatMatrix expected(String name) {
    try (SafetensorsFile file = SafetensorsFile.open(directory().resolve("expected.safetensors"))) {
      return file.require(name).toMatrix();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tokens whose logits are expected. */
  public static int[] tokens() {
    return new int[] {41, 42, 46, 50, 3, 17, 30, 5, 39, 22, 11, 8, 60, 33};
  }

  /** How the library was called. */
  public record Call(
      Optional<String> language,
      Optional<String> task,
      boolean timestamps,
      int beams,
      boolean conditionOnPrevious) {}

  /** A segment; without time stamps there are no times. */
  public record Segment(OptionalDouble start, OptionalDouble end, List<Integer> tokens) {}

  /** What the library wrote. */
  public record Case(
      String input, Call call, List<Segment> segments, Optional<Integer> detectedLanguage) {}

  /** What the library would decide on a fallback by, for the first window. */
  public record Scores(
      String input, Call call, double averageLogProbability, double noSpeechProbability) {}

  private static JsonValue.Obj json() {
    try {
      return JsonParser.parseObject(Files.readAllBytes(directory().resolve("expected.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All cases. */
  public static List<Case> cases() {
    List<Case> cases = new ArrayList<>();
    for (JsonValue value : json().getArray("cases").orElseThrow()) {
      JsonValue.Obj object = (JsonValue.Obj) value;
      List<Segment> segments = new ArrayList<>();
      for (JsonValue part : object.getArray("segments").orElseThrow()) {
        JsonValue.Obj segment = (JsonValue.Obj) part;
        segments.add(
            new Segment(
                number(segment, "start"),
                number(segment, "end"),
                segment.getArray("tokens").orElseThrow().stream()
                    .map(token -> (int) ((JsonValue.Num) token).asLong())
                    .toList()));
      }
      cases.add(
          new Case(
              object.getString("input").orElseThrow(),
              call(object.getObject("options").orElseThrow()),
              segments,
              object.getInt("detected")));
    }
    return cases;
  }

  /** All scores. */
  public static List<Scores> scores() {
    List<Scores> scores = new ArrayList<>();
    for (JsonValue value : json().getArray("scores").orElseThrow()) {
      JsonValue.Obj object = (JsonValue.Obj) value;
      scores.add(
          new Scores(
              object.getString("input").orElseThrow(),
              call(object.getObject("options").orElseThrow()),
              object.getDouble("average_log_probability").orElseThrow(),
              object.getDouble("no_speech").orElseThrow()));
    }
    return scores;
  }

  private static OptionalDouble number(JsonValue.Obj object, String member) {
    return object.getDouble(member).map(OptionalDouble::of).orElse(OptionalDouble.empty());
  }

  private static Call call(JsonValue.Obj options) {
    return new Call(
        options.getString("language"),
        options.getString("task"),
        options.getBoolean("return_timestamps").orElse(false),
        options.getInt("num_beams").orElse(1),
        options.getBoolean("condition_on_prev_tokens").orElse(false));
  }
}
