// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An argument that a step declares.
 *
 * @param <P> what is printed
 * @param kind how it is written
 * @param name how it is called; in the text if it is a flag or has a key
 * @param words what may stand for it: the words of a choice, or words in place of a number
 * @param range of numbers, or null if it is none
 * @param defaultValue what holds if it is not given, or null if there is no such value
 * @param isRequired whether it must be given
 * @param getter its value in what is printed: a {@link Boolean} of a flag, otherwise a number or an
 *     object whose text is printed
 * @param printer how numbers are printed
 * @param isAlwaysPrinted whether it is printed even if it is what holds anyway
 * @param help what it says, in a few words
 */
record Parameter<P>(
    Kind kind,
    String name,
    List<String> words,
    @Nullable Range range,
    @Nullable Object defaultValue,
    boolean isRequired,
    Function<? super P, ?> getter,
    Function<Double, String> printer,
    boolean isAlwaysPrinted,
    String help) {

  /** How an argument is written. */
  enum Kind {
    /** By its name. */
    FLAG,
    /** By one of some words. */
    CHOICE,
    /** As {@code key=value}. */
    KEY,
    /** By its place among the others of this kind. */
    PLACE,
    /** Like the last of these, as often as one likes. */
    LIST
  }

  Parameter {
    words = List.copyOf(words);
  }

  Parameter<P> printedAlways() {
    return new Parameter<>(
        kind, name, words, range, defaultValue, isRequired, getter, printer, true, help);
  }

  Parameter<P> printedBy(Function<Double, String> other) {
    return new Parameter<>(
        kind, name, words, range, defaultValue, isRequired, getter, other, isAlwaysPrinted, help);
  }

  /** How the argument is written in a description of the language. */
  String usage() {
    return switch (kind) {
      case FLAG -> name;
      case CHOICE -> String.join("|", words);
      case KEY -> name + "=" + name.substring(0, 1).toUpperCase(Locale.ROOT);
      case PLACE -> words.isEmpty() ? name : name + "|" + String.join("|", words);
      case LIST -> name + ",...";
    };
  }

  /** The words that are expected where the argument may stand. */
  List<String> expected() {
    return switch (kind) {
      case FLAG -> List.of(name);
      case CHOICE, PLACE -> words;
      case KEY -> List.of(name + "=");
      case LIST -> List.of();
    };
  }

  /** Reads a value. */
  Object read(Phrase phrase) {
    if (words.stream().anyMatch(phrase::is)) {
      return phrase.text();
    }
    return range == null ? phrase : range.read(phrase);
  }

  /** Whether a value goes without saying. */
  boolean holdsAnyway(Object value) {
    if (value instanceof Optional<?> optional && optional.isEmpty()) {
      return true;
    }
    return kind == Kind.FLAG
        ? value.equals(false)
        : defaultValue != null && !isAlwaysPrinted && print(value).equals(print(defaultValue));
  }

  /** How a value is printed. */
  String print(Object value) {
    return value instanceof Double || value instanceof Float
        ? printer.apply(((Number) value).doubleValue())
        : value.toString();
  }
}
