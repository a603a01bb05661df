// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import io.github.quant4j.grammar.Parameter.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Declares the arguments of a step, in the order in which they are printed.
 *
 * @param <P> what is printed
 */
public final class StepBuilder<P> {
  private final String name;
  private final String help;
  private final List<Parameter<P>> parameters = new ArrayList<>();

  StepBuilder(String name, String help) {
    this.name = name;
    this.help = help;
  }

  private StepBuilder<P> add(
      Kind kind,
      String argument,
      List<String> words,
      @Nullable Range range,
      @Nullable Object defaultValue,
      boolean isRequired,
      Function<? super P, ?> getter,
      String text) {
    parameters.add(
        new Parameter<>(
            kind,
            argument,
            words,
            range,
            defaultValue,
            isRequired,
            getter,
            Numerals::plain,
            false,
            text));
    return this;
  }

  /**
   * A word that is there or not.
   *
   * @param word the word
   * @param getter whether it is there
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> flag(String word, Function<? super P, Boolean> getter, String text) {
    return add(Kind.FLAG, word, List.of(), null, null, false, getter, text);
  }

  /**
   * One of some words, anywhere among the arguments.
   *
   * @param argument how it is called
   * @param words the words
   * @param defaultValue the one that holds if none is given
   * @param getter the word
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> choice(
      String argument,
      List<String> words,
      String defaultValue,
      Function<? super P, String> getter,
      String text) {
    return add(Kind.CHOICE, argument, words, null, defaultValue, false, getter, text);
  }

  /**
   * One of some words that must be given, anywhere among the arguments.
   *
   * @param argument how it is called
   * @param words the words
   * @param getter the word
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> requiredChoice(
      String argument, List<String> words, Function<? super P, String> getter, String text) {
    return add(Kind.CHOICE, argument, words, null, null, true, getter, text);
  }

  /**
   * A number that must be given.
   *
   * @param argument how it is called
   * @param range which numbers may stand
   * @param getter its value
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> required(
      String argument, Range range, Function<? super P, ?> getter, String text) {
    return add(Kind.PLACE, argument, List.of(), range, null, true, getter, text);
  }

  /**
   * A number that must be given, or a word in its place.
   *
   * @param argument how it is called
   * @param word that may stand in its place
   * @param range which numbers may stand
   * @param getter its value, or the word
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> requiredOr(
      String argument, String word, Range range, Function<? super P, ?> getter, String text) {
    return add(Kind.PLACE, argument, List.of(word), range, null, true, getter, text);
  }

  /**
   * A number that may be given.
   *
   * @param argument how it is called
   * @param range which numbers may stand
   * @param defaultValue what holds if it is not given
   * @param getter its value
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> optional(
      String argument,
      Range range,
      Number defaultValue,
      Function<? super P, ?> getter,
      String text) {
    return add(Kind.PLACE, argument, List.of(), range, defaultValue, false, getter, text);
  }

  /**
   * A number after a key that may be given.
   *
   * @param key the key
   * @param range which numbers may stand
   * @param defaultValue what holds if it is not given
   * @param getter its value
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> key(
      String key, Range range, Number defaultValue, Function<? super P, ?> getter, String text) {
    return add(Kind.KEY, key, List.of(), range, defaultValue, false, getter, text);
  }

  /**
   * A number after a key that may be given, without one that holds otherwise.
   *
   * @param key the key
   * @param range which numbers may stand
   * @param getter its value, or empty
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> key(
      String key, Range range, Function<? super P, ? extends Optional<?>> getter, String text) {
    return add(Kind.KEY, key, List.of(), range, null, false, getter, text);
  }

  /**
   * An argument with a grammar of its own.
   *
   * @param argument how it is called
   * @param isRequired whether it must be given
   * @param getter its value, whose text is printed, or an empty {@link Optional}
   * @param text what it says
   * @return this
   */
  public StepBuilder<P> phrase(
      String argument, boolean isRequired, Function<? super P, ?> getter, String text) {
    return add(Kind.PLACE, argument, List.of(), null, null, isRequired, getter, text);
  }

  /**
   * As many arguments as one likes, at least one.
   *
   * @param argument how they are called
   * @param getter their texts between commas
   * @param text what they say
   * @return this
   */
  public StepBuilder<P> list(String argument, Function<? super P, String> getter, String text) {
    return add(Kind.LIST, argument, List.of(), null, null, true, getter, text);
  }

  /**
   * Prints the numbers of the last argument with an exponent where they are very small.
   *
   * @return this
   */
  public StepBuilder<P> withExponent() {
    parameters.add(parameters.removeLast().printedBy(Numerals::withExponent));
    return this;
  }

  /**
   * Prints the last argument even if it is what holds anyway.
   *
   * @return this
   */
  public StepBuilder<P> alwaysPrinted() {
    parameters.add(parameters.removeLast().printedAlways());
    return this;
  }

  /**
   * The step.
   *
   * @param maker what the arguments stand for; it may complain about them
   * @param <R> what is read
   * @return the step
   */
  public <R> Step<P, R> make(Function<Values, ? extends R> maker) {
    return Step.of(name, help, parameters, maker);
  }
}
