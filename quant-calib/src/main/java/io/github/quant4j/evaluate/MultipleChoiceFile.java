// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import io.github.quant4j.json.JsonException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.text.TextFile;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Multiple-choice tasks in files: a JSON object on each line (JSONL), in UTF-8.
 *
 * <pre>
 * {"context": "The harbour master went down to the", "choices": ["quay", "seldom"], "answer": 0}
 * </pre>
 *
 * <p>{@code answer} is the number of the right choice, from 0, or its text. A member {@code
 * delimiter} says what stands between context and choice if it is not a space. Other members, and
 * empty lines, are passed over.
 */
public final class MultipleChoiceFile {
  private MultipleChoiceFile() {}

  /**
   * Reads a task.
   *
   * @param file a JSON object on each line
   * @return its questions, at least one
   * @throws FileSystemException if it is missing or not a text file, has no question, or a line is
   *     not one; the message names the line
   * @throws IOException if it cannot be read
   */
  public static List<MultipleChoiceQuestion> read(Path file) throws IOException {
    List<MultipleChoiceQuestion> questions = new ArrayList<>();
    int number = 0;
    for (String line : TextFile.read(file).lines().toList()) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      try {
        questions.add(question(line));
      } catch (JsonException | IllegalArgumentException e) {
        FileSystemException malformed =
            new FileSystemException(
                file.toString(), null, "line " + number + ": " + e.getMessage());
        malformed.initCause(e);
        throw malformed;
      }
    }
    if (questions.isEmpty()) {
      throw new FileSystemException(
          file.toString(), null, "no question in it, expected a JSON object on each line");
    }
    return questions;
  }

  private static MultipleChoiceQuestion question(String line) {
    if (!(JsonParser.parse(line) instanceof JsonValue.Obj object)) {
      throw new JsonException("expected an object with 'context', 'choices' and 'answer'");
    }
    String context = object.getString("context").orElseThrow(() -> missing("context"));
    List<String> choices = new ArrayList<>();
    for (JsonValue choice : object.getArray("choices").orElseThrow(() -> missing("choices"))) {
      if (!(choice instanceof JsonValue.Str(var text))) {
        throw new JsonException(
            "'choices': number " + choices.size() + " is no string, expected a text");
      }
      choices.add(text);
    }
    return new MultipleChoiceQuestion(
        context,
        choices,
        answer(object, choices),
        object.getString("delimiter").orElse(MultipleChoiceQuestion.DEFAULT_DELIMITER));
  }

  private static int answer(JsonValue.Obj object, List<String> choices) {
    JsonValue answer = object.get("answer").orElseThrow(() -> missing("answer"));
    return switch (answer) {
      case JsonValue.Num _ -> object.getInt("answer").orElseThrow(() -> missing("answer"));
      case JsonValue.Str(var text) -> {
        int number = choices.indexOf(text);
        if (number < 0) {
          throw new JsonException("'answer': '" + text + "' is none of the choices");
        }
        yield number;
      }
      default ->
          throw new JsonException("'answer': expected the number of a choice from 0, or its text");
    };
  }

  private static JsonException missing(String member) {
    return new JsonException("'" + member + "' is missing");
  }
}
