// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.whisper;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.model.config.InvalidModelException;
import io.github.quant4j.model.runtime.ConfigurationValues;
import io.github.quant4j.transcribe.Languages;
import io.github.quant4j.transcribe.SpeechTokens;
import io.github.quant4j.transcribe.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * Reads what a model's generation_config.json says of special tokens and of what is not to be
 * written. Where there is no such file, and for what it does not say, config.json counts, as in the
 * Transformers library.
 */
public final class GenerationFile {
  private static final String NAME = "generation_config.json";
  private static final int MOST_BYTES = 1 << 20;
  private static final int LONGEST = 1 << 24;

  /** Members that would change what is written, with the values that change nothing. */
  private static final Map<String, Double> UNSUPPORTED =
      new TreeMap<>(
          Map.of(
              "repetition_penalty", 1.0,
              "encoder_repetition_penalty", 1.0,
              "no_repeat_ngram_size", 0.0,
              "encoder_no_repeat_ngram_size", 0.0,
              "min_length", 0.0,
              "min_new_tokens", 0.0,
              "diversity_penalty", 0.0,
              "num_beam_groups", 1.0,
              "guidance_scale", 1.0));

  private static final List<String> UNSUPPORTED_LISTS =
      List.of("bad_words_ids", "force_words_ids", "sequence_bias", "forced_bos_token_id");

  private final ConfigurationValues file;
  private final ConfigurationValues model;
  private final int vocabulary;

  private GenerationFile(ConfigurationValues file, ConfigurationValues model, int vocabulary) {
    this.file = file;
    this.model = model;
    this.vocabulary = vocabulary;
  }

  /**
   * Reads the file of a directory.
   *
   * @param config the contents of config.json
   * @param decoder the shape of the model
   * @return its tokens
   * @throws InvalidModelException if the file is not a JSON object, a token is missing or not in
   *     the vocabulary, or a member asks for something that is not done; all problems are named
   *     together
   * @throws IOException if it cannot be read
   */
  public static SpeechTokens read(
      Path directory, JsonValue.Obj config, WhisperDecoderConfiguration decoder)
      throws IOException {
    Path path = directory.resolve(NAME);
    if (!Files.isRegularFile(path)) {
      return read(config, config, decoder, path.resolveSibling("config.json").toString());
    }
    if (Files.size(path) > MOST_BYTES) {
      throw new InvalidModelException(
          path.toString(), List.of(Files.size(path) + " bytes, expected at most " + MOST_BYTES));
    }
    try {
      JsonValue.Obj json = JsonParser.parseObject(Files.readAllBytes(path));
      return read(json, config, decoder, path.toString());
    } catch (JsonException e) {
      throw new InvalidModelException(
          path.toString(), List.of("not a JSON object: " + e.getMessage()));
    }
  }

  static SpeechTokens read(
      JsonValue.Obj json,
      JsonValue.Obj config,
      WhisperDecoderConfiguration decoder,
      String subject) {
    ConfigurationValues file = new ConfigurationValues(json);
    ConfigurationValues model = new ConfigurationValues(config);
    SpeechTokens tokens =
        new GenerationFile(file, model, decoder.vocabularySize()).tokens(decoder.positions());
    List<String> problems = new ArrayList<>(file.problems());
    for (String problem : model.problems()) {
      // Where one file is both, its problems are told once.
      if (!problems.contains(problem)) {
        problems.add("config.json: " + problem);
      }
    }
    if (!problems.isEmpty()) {
      throw new InvalidModelException(subject, problems);
    }
    return tokens;
  }

  private SpeechTokens tokens(int positions) {
    refuseUnsupported();
    Map<String, Integer> languages = languages();
    OptionalInt noTimestamps = token("no_timestamps_token_id");
    int maximum = file.optionalInteger("max_length", 1, LONGEST).orElse(positions);
    OptionalInt initial = optional(file.optionalInteger("max_initial_timestamp_index", 0, LONGEST));
    return new SpeechTokens(
        required("decoder_start_token_id"),
        required("eos_token_id"),
        noTimestamps,
        token("prev_sot_token_id"),
        languages,
        tasks(),
        file.flag("is_multilingual", !languages.isEmpty() || !file.has("lang_to_id")),
        file.text("language"),
        task(),
        forced(),
        tokens("suppress_tokens"),
        tokens("begin_suppress_tokens"),
        initial,
        maximum);
  }

  private void refuseUnsupported() {
    UNSUPPORTED.forEach(
        (member, neutral) -> {
          if (!file.isNeutral(member) && !file.isNumber(member, neutral)) {
            file.problem(member, neutral + " or nothing: this is not done to what is written");
          }
        });
    for (String member : UNSUPPORTED_LISTS) {
      if (!file.isNeutral(member)) {
        file.problem(member, "nothing (null): this is not done to what is written");
      }
    }
    if (file.flag("do_sample", false)) {
      file.problem("do_sample", "false; temperatures are an option of transcription");
    }
  }

  private OptionalInt token(String member) {
    return optional(file.token(member, vocabulary));
  }

  private static OptionalInt optional(Optional<Integer> value) {
    return value.map(OptionalInt::of).orElse(OptionalInt.empty());
  }

  private int required(String member) {
    Optional<Integer> token = file.token(member, vocabulary);
    if (token.isEmpty() && file.isNeutral(member)) {
      token = model.token(member, vocabulary);
    }
    if (token.isEmpty() && file.areSound(member) && model.areSound(member)) {
      file.problem(member, "a token from 0 to " + (vocabulary - 1));
    }
    return token.orElse(0);
  }

  private List<Integer> tokens(String member) {
    return file.has(member) ? file.tokens(member, vocabulary) : model.tokens(member, vocabulary);
  }

  /** Members are tokens such as {@code <|en|>}. */
  private Map<String, Integer> languages() {
    Map<String, Integer> languages = new TreeMap<>();
    file.section("lang_to_id")
        .ifPresent(
            section -> {
              for (String name : section.unread()) {
                section
                    .token(name, vocabulary)
                    .ifPresent(token -> languages.put(Languages.code(name), token));
              }
            });
    return languages;
  }

  private Map<Task, Integer> tasks() {
    Map<Task, Integer> tasks = new TreeMap<>();
    file.section("task_to_id")
        .ifPresent(
            section -> {
              for (Task task : Task.values()) {
                section.token(task.label(), vocabulary).ifPresent(token -> tasks.put(task, token));
              }
            });
    return tasks;
  }

  private Optional<Task> task() {
    Optional<String> label = file.text("task");
    for (Task task : Task.values()) {
      if (label.filter(task.label()::equals).isPresent()) {
        return Optional.of(task);
      }
    }
    if (label.isPresent()) {
      file.problem("task", "transcribe or translate");
    }
    return Optional.empty();
  }

  /** Pairs of a position, from 1 on, and a token or null. */
  private List<OptionalInt> forced() {
    ConfigurationValues values = file.isNeutral("forced_decoder_ids") ? model : file;
    List<OptionalInt> forced = new ArrayList<>();
    if (values.isNeutral("forced_decoder_ids")) {
      return forced;
    }
    JsonValue value = values.get("forced_decoder_ids").orElseThrow();
    if (value instanceof JsonValue.Arr(List<JsonValue> pairs)) {
      for (JsonValue pair : pairs) {
        if (!(pair instanceof JsonValue.Arr(List<JsonValue> parts))
            || parts.size() != 2
            || !isNumber(parts.get(0), forced.size() + 1)
            || !isTokenOrNull(parts.get(1))) {
          break;
        }
        forced.add(
            parts.get(1) instanceof JsonValue.Num number
                ? OptionalInt.of((int) number.asLong())
                : OptionalInt.empty());
      }
      if (forced.size() == pairs.size()) {
        return forced;
      }
    }
    values.problem(
        "forced_decoder_ids",
        "pairs of a position, from 1 on without a gap, and a token from 0 to "
            + (vocabulary - 1)
            + " or null");
    return List.of();
  }

  private static boolean isNumber(JsonValue value, long expected) {
    return value instanceof JsonValue.Num number && Double.parseDouble(number.text()) == expected;
  }

  private boolean isTokenOrNull(JsonValue value) {
    if (value instanceof JsonValue.Null) {
      return true;
    }
    if (!(value instanceof JsonValue.Num number)) {
      return false;
    }
    double token = Double.parseDouble(number.text());
    return token >= 0 && token < vocabulary && token == Math.rint(token);
  }
}
