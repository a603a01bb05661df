// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.transcribe;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntSupplier;

/** The tokens that tell a model what to do. */
final class PromptTokens {
  private final SpeechTokens tokens;

  PromptTokens(SpeechTokens tokens) {
    this.tokens = tokens;
  }

  /**
   * A prompt without earlier text.
   *
   * @param all from the token that begins a text on
   * @param language the code of the language, if there is one among them
   */
  record Prompt(List<Integer> all, Optional<String> language) {}

  /**
   * Checks what is asked for.
   *
   * @throws IllegalArgumentException if the model cannot do it; the message says what it can
   */
  void requirePossible(TranscriptionOptions options, boolean timestamps) {
    if (!tokens.multilingual() && (options.language().isPresent() || options.task().isPresent())) {
      throw new IllegalArgumentException(
          "language and task: "
              + options.language().orElse("-")
              + " and "
              + options.task().map(Task::label).orElse("-")
              + ", expected neither, as the model knows English only");
    }
    options.language().ifPresent(this::languageToken);
    options.task().ifPresent(this::taskToken);
    if (timestamps && tokens.noTimestamps().isEmpty()) {
      throw new IllegalArgumentException(
          "time stamps: asked for, or needed as the recording is longer than a window, but the"
              + " model's generation_config.json has no 'no_timestamps_token_id'");
    }
  }

  private int languageToken(String language) {
    String code = Languages.code(language);
    Integer token = tokens.languages().get(code);
    if (token == null) {
      throw new IllegalArgumentException(
          "language: '"
              + language
              + "', expected one of "
              + tokens.languages().keySet().stream().sorted().toList());
    }
    return token;
  }

  private int taskToken(Task task) {
    Integer token = tokens.tasks().get(task);
    if (token == null) {
      throw new IllegalArgumentException(
          "task: "
              + task.label()
              + ", expected one of "
              + tokens.tasks().keySet().stream().map(Task::label).sorted().toList());
    }
    return token;
  }

  /**
   * Makes the prompt.
   *
   * @param detection finds the token of the language, if nothing else says it
   */
  Prompt of(TranscriptionOptions options, boolean timestamps, IntSupplier detection) {
    Optional<String> language = options.language().or(tokens::language);
    Optional<Task> task = options.task().or(tokens::task);
    List<OptionalInt> prompt = new ArrayList<>();
    prompt.add(OptionalInt.of(tokens.start()));
    if (language.isEmpty() && task.isEmpty()) {
      prompt.addAll(tokens.forced());
    }
    boolean isOpen = prompt.size() == 1 || prompt.get(1).isEmpty();
    OptionalInt languageToken = OptionalInt.empty();
    if (language.isPresent()) {
      languageToken = OptionalInt.of(languageToken(language.get()));
    } else if (isOpen && tokens.multilingual() && !tokens.languages().isEmpty()) {
      languageToken = OptionalInt.of(detection.getAsInt());
    }
    if (languageToken.isPresent()) {
      if (prompt.size() > 1) {
        prompt.set(1, languageToken);
      } else {
        prompt.add(languageToken);
      }
    }
    List<Integer> all = new ArrayList<>();
    prompt.stream().flatMapToInt(OptionalInt::stream).forEach(all::add);
    if (task.isPresent()) {
      all.add(taskToken(task.get()));
    } else if (languageToken.isPresent()
        && tokens.tasks().containsKey(Task.TRANSCRIBE)
        && tokens.tasks().values().stream().noneMatch(all::contains)) {
      all.add(taskToken(Task.TRANSCRIBE));
    }
    if (tokens.noTimestamps().isPresent()) {
      int none = tokens.noTimestamps().getAsInt();
      if (timestamps && all.getLast() == none) {
        all.removeLast();
      } else if (!timestamps && all.getLast() != none) {
        all.add(none);
      }
    }
    return new Prompt(List.copyOf(all), code(all));
  }

  /** The code of the language among the tokens of a prompt. */
  private Optional<String> code(List<Integer> prompt) {
    return tokens.languages().entrySet().stream()
        .filter(entry -> prompt.contains(entry.getValue()))
        .map(entry -> entry.getKey())
        .findFirst();
  }
}
