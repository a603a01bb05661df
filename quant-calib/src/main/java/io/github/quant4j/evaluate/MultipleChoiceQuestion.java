// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.util.List;

/**
 * A text and several ways in which it could go on, one of which is right: a cloze, or a question
 * with its answers.
 *
 * @param context what comes before; may be empty if the model has a token to begin with
 * @param choices what could follow, at least two, none of them empty
 * @param answer which of them is right, from 0
 * @param delimiter what stands between context and choice, usually a space; it is predicted with
 *     the choice, but does not count in its length
 */
public record MultipleChoiceQuestion(
    String context, List<String> choices, int answer, String delimiter) {
  /** A space. */
  public static final String DEFAULT_DELIMITER = " ";

  /**
   * Copies the list.
   *
   * @throws IllegalArgumentException if there are fewer than two choices, one is empty, or there is
   *     no choice of that number
   */
  public MultipleChoiceQuestion {
    choices = List.copyOf(choices);
    if (choices.size() < 2) {
      throw new IllegalArgumentException(
          "choices: " + choices.size() + ", expected at least two to choose from");
    }
    if (choices.contains("")) {
      throw new IllegalArgumentException(
          "choices: number " + choices.indexOf("") + " is empty, expected some text");
    }
    if (answer < 0 || answer >= choices.size()) {
      throw new IllegalArgumentException(
          "answer: " + answer + ", expected a choice from 0 to " + (choices.size() - 1));
    }
  }

  /**
   * A question whose choices follow after a space.
   *
   * @param context what comes before
   * @param choices what could follow
   * @param answer which of them is right, from 0
   * @return the question
   * @throws IllegalArgumentException as the constructor does
   */
  public static MultipleChoiceQuestion of(String context, List<String> choices, int answer) {
    return new MultipleChoiceQuestion(context, choices, answer, DEFAULT_DELIMITER);
  }
}
