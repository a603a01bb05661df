// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The steps that may stand in one place of a recipe.
 *
 * @param <R> what is read there
 * @param kind what such a step is called, for messages
 * @param all the steps
 */
public record Steps<R>(String kind, List<Step<?, ? extends R>> all) {

  /** Copies the list. */
  public Steps {
    all = List.copyOf(all);
  }

  /**
   * A table of steps.
   *
   * @param kind what such a step is called, for messages
   * @param steps the steps
   * @param <R> what is read
   * @return the table
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // The array is copied, never kept or written to.
  public static <R> Steps<R> of(String kind, Step<?, ? extends R>... steps) {
    return new Steps<>(kind, List.of(steps));
  }

  /**
   * The same table with more steps.
   *
   * @param more the steps
   * @return these and those
   */
  @SafeVarargs
  @SuppressWarnings("varargs") // The array is copied, never kept or written to.
  public final Steps<R> with(Step<?, ? extends R>... more) {
    List<Step<?, ? extends R>> joined = new ArrayList<>(all);
    joined.addAll(List.of(more));
    return new Steps<>(kind, joined);
  }

  /**
   * The step that a phrase is meant to be.
   *
   * @param phrase a word
   * @return empty if its name is not known
   */
  public Optional<Step<?, ? extends R>> find(Phrase phrase) {
    return all.stream().filter(step -> step.isMeantBy(phrase)).findFirst();
  }

  /**
   * Words to suggest.
   *
   * @return the names of all steps, and examples of families
   */
  public List<String> names() {
    return all.stream().flatMap(step -> step.examples().stream()).toList();
  }

  /**
   * Reads a step.
   *
   * @param phrase a word
   * @return what it stands for
   * @throws SyntaxException if there is no such step, or its arguments are wrong
   */
  public R read(Phrase phrase) {
    Optional<Step<?, ? extends R>> step = find(phrase);
    if (step.isEmpty()) {
      throw unknown(phrase, List.of());
    }
    return step.get().read(phrase);
  }

  /**
   * A complaint about a word that is none of these steps.
   *
   * @param phrase the word
   * @param others words that are also possible in its place
   * @return what to throw
   */
  public SyntaxException unknown(Phrase phrase, List<String> others) {
    if (phrase.isEmpty()) {
      return phrase.error("a " + kind + " is missing; expected " + expected(others));
    }
    List<String> known = new ArrayList<>(others);
    known.addAll(names());
    String head = phrase.head().text();
    return phrase.error(
        kind
            + " "
            + phrase.quoted()
            + " is not known"
            + (known.contains(head) ? "" : Suggestion.of(head, known))
            + "; expected "
            + expected(others));
  }

  private String expected(List<String> others) {
    List<String> known = new ArrayList<>(others);
    all.forEach(step -> known.add(step.name()));
    return String.join(", ", known);
  }
}
