// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import io.github.quant4j.grammar.Parameter.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A word of the recipe language: how it is read, printed and explained.
 *
 * <p>Most steps are a name with arguments in parentheses; some are a family of words, such as
 * {@code g64}. Immutable.
 *
 * @param <P> what is printed
 * @param <R> what is read
 */
public final class Step<P, R> {
  private static final Pattern KEY = Pattern.compile("([a-z][a-z0-9-]*)\\s*=(.*)", Pattern.DOTALL);

  private final String name;
  private final @Nullable Pattern family;
  private final List<String> examples;
  private final String help;
  private final List<Parameter<P>> parameters;
  private final BiFunction<Phrase, Values, ? extends R> maker;

  private Step(
      String name,
      @Nullable Pattern family,
      List<String> examples,
      String help,
      List<Parameter<P>> parameters,
      BiFunction<Phrase, Values, ? extends R> maker) {
    this.name = name;
    this.family = family;
    this.examples = List.copyOf(examples);
    this.help = help;
    this.parameters = List.copyOf(parameters);
    this.maker = maker;
  }

  /**
   * Begins a step that is a name with arguments.
   *
   * @param name the name
   * @param help what it does, in one line
   * @param <P> what is printed
   * @return to declare arguments
   */
  public static <P> StepBuilder<P> named(String name, String help) {
    return new StepBuilder<>(name, help);
  }

  /**
   * A step that is a name without arguments.
   *
   * @param name the name
   * @param help what it does, in one line
   * @param value what it stands for
   * @param <R> what is read
   * @return the step
   */
  public static <R> Step<R, R> word(String name, String help, R value) {
    return Step.<R>named(name, help).make(_ -> value);
  }

  /**
   * A family of words.
   *
   * @param usage how the words are written
   * @param examples words to suggest
   * @param pattern of the words
   * @param help what they stand for, in one line
   * @param maker what a word stands for; it may complain about it
   * @param <R> what is read
   * @return the step, which prints nothing
   */
  public static <R> Step<R, R> family(
      String usage,
      List<String> examples,
      String pattern,
      String help,
      BiFunction<Phrase, Matcher, R> maker) {
    Pattern compiled = Pattern.compile(pattern);
    return new Step<>(
        usage,
        compiled,
        examples,
        help,
        List.of(),
        (phrase, _) -> {
          Matcher match = compiled.matcher(phrase.text());
          if (!match.matches()) {
            throw new IllegalStateException(usage + " does not match " + phrase.quoted());
          }
          return maker.apply(phrase, match);
        });
  }

  static <P, R> Step<P, R> of(
      String name,
      String help,
      List<Parameter<P>> parameters,
      Function<Values, ? extends R> maker) {
    return new Step<>(
        name, null, List.of(name), help, parameters, (_, values) -> maker.apply(values));
  }

  /**
   * The same step, read as something else.
   *
   * @param function what is made of that which is read
   * @param <S> what is read
   * @return the changed step
   */
  public <S> Step<P, S> as(Function<? super R, ? extends S> function) {
    return new Step<>(
        name,
        family,
        examples,
        help,
        parameters,
        (phrase, values) -> function.apply(maker.apply(phrase, values)));
  }

  /**
   * Whether a phrase is meant to be this step.
   *
   * @param phrase a word
   * @return true if it has the name of the step, or the form of the family
   */
  public boolean isMeantBy(Phrase phrase) {
    return family == null ? phrase.head().is(name) : family.matcher(phrase.text()).matches();
  }

  /** The name, or how the words of a family are written. */
  String name() {
    return name;
  }

  /** Words to suggest. */
  List<String> examples() {
    return examples;
  }

  /**
   * How the step is written.
   *
   * @return for example {@code cd(SWEEPS,[plain],[act-order])}; what may be left out stands in
   *     brackets
   */
  public String usage() {
    if (parameters.isEmpty()) {
      return name;
    }
    String arguments =
        parameters.stream()
            .map(one -> one.isRequired() ? one.usage() : "[" + one.usage() + "]")
            .collect(Collectors.joining(","));
    return parameters.getFirst().isRequired()
        ? name + "(" + arguments + ")"
        : name + "[(" + arguments + ")]";
  }

  /**
   * What the step does.
   *
   * @return one line
   */
  public String help() {
    return help;
  }

  /**
   * What the arguments say.
   *
   * @return a line for each, such as {@code damp=D: 0 to 1, 0.01 if not given: what is added to the
   *     diagonal}
   */
  public List<String> argumentHelp() {
    return parameters.stream().map(Step::describe).toList();
  }

  private static String describe(Parameter<?> parameter) {
    String range = parameter.range() == null ? "" : parameter.range().toString();
    Object defaultValue = parameter.defaultValue();
    String otherwise =
        defaultValue == null || parameter.kind() == Kind.FLAG
            ? ""
            : parameter.print(defaultValue) + " if not given";
    String facts =
        Stream.of(range, otherwise).filter(s -> !s.isEmpty()).collect(Collectors.joining(", "));
    return parameter.usage()
        + ": "
        + parameter.help()
        + (facts.isEmpty() ? "" : " (" + facts + ")");
  }

  /**
   * Prints a value.
   *
   * @param value what this step could have made
   * @return the canonical text: arguments in the order of their declaration, without those that
   *     hold anyway
   */
  public String label(P value) {
    List<String> arguments = new ArrayList<>();
    // What is known by its place needs those before it.
    int lastPlace = -1;
    for (int i = 0; i < parameters.size(); i++) {
      Parameter<P> parameter = parameters.get(i);
      if (parameter.kind() == Kind.PLACE
          && !parameter.holdsAnyway(parameter.getter().apply(value))) {
        lastPlace = i;
      }
    }
    for (int i = 0; i < parameters.size(); i++) {
      Parameter<P> parameter = parameters.get(i);
      Object given = parameter.getter().apply(value);
      Object argument = given instanceof Optional<?> optional ? optional.orElse(null) : given;
      boolean isNeeded =
          parameter.kind() == Kind.PLACE ? i <= lastPlace : !parameter.holdsAnyway(given);
      if (!isNeeded || argument == null) {
        continue;
      }
      arguments.add(
          switch (parameter.kind()) {
            case FLAG -> parameter.name();
            case KEY -> parameter.name() + "=" + parameter.print(argument);
            case CHOICE, PLACE, LIST -> parameter.print(argument);
          });
    }
    return arguments.isEmpty() ? name : name + "(" + String.join(",", arguments) + ")";
  }

  /**
   * Reads the step.
   *
   * @param phrase a word that {@link Steps#find} has found to be this one
   * @return what it stands for
   * @throws SyntaxException if an argument is unknown, missing, given twice or out of range
   */
  public R read(Phrase phrase) {
    Values values = family == null ? values(phrase) : new Values(phrase, Map.of());
    try {
      return maker.apply(phrase, values);
    } catch (IllegalArgumentException e) {
      throw phrase.error(e);
    }
  }

  private Values values(Phrase phrase) {
    Map<String, Object> values = new HashMap<>();
    Map<String, List<Phrase>> lists = new HashMap<>();
    for (Phrase argument : phrase.arguments()) {
      Matcher key = KEY.matcher(argument.text());
      Parameter<P> parameter = parameter(argument, key, values);
      if (parameter == null) {
        throw unknown(argument);
      }
      if (parameter.kind() == Kind.LIST) {
        lists.computeIfAbsent(parameter.name(), _ -> new ArrayList<>()).add(argument);
        continue;
      }
      if (values.containsKey(parameter.name())) {
        throw argument.error(
            parameter.kind() == Kind.CHOICE
                ? argument.quoted() + ": there is '" + values.get(parameter.name()) + "' already"
                : "'" + parameter.name() + "' stands twice");
      }
      values.put(
          parameter.name(),
          switch (parameter.kind()) {
            case FLAG -> true;
            case CHOICE -> argument.text();
            case KEY -> parameter.read(argument.from(key.start(2)));
            case PLACE -> place(parameter, argument);
            case LIST -> throw new IllegalStateException();
          });
    }
    values.putAll(lists);
    for (Parameter<P> parameter : parameters) {
      if (values.containsKey(parameter.name())) {
        continue;
      }
      if (parameter.isRequired()) {
        throw phrase.error(
            phrase.quoted()
                + ": "
                + parameter.usage()
                + " is missing, expected "
                + usage()
                + " with "
                + parameter.help());
      }
      if (parameter.defaultValue() != null) {
        values.put(parameter.name(), parameter.defaultValue());
      }
    }
    return new Values(phrase, values);
  }

  /** A number that is none may be a word that is misspelt. */
  private Object place(Parameter<P> parameter, Phrase argument) {
    if (parameter.range() != null
        && parameter.words().stream().noneMatch(argument::is)
        && Numerals.isWord(argument.text())) {
      String suggestion = Suggestion.of(argument.text(), expected());
      if (!suggestion.isEmpty() || !parameter.isRequired()) {
        throw unknown(argument);
      }
    }
    return parameter.read(argument);
  }

  private @Nullable Parameter<P> parameter(
      Phrase argument, Matcher key, Map<String, Object> values) {
    if (key.matches()) {
      for (Parameter<P> parameter : parameters) {
        if (parameter.kind() == Kind.KEY && parameter.name().equals(key.group(1))) {
          return parameter;
        }
      }
      return null;
    }
    for (Parameter<P> parameter : parameters) {
      boolean isMeant =
          switch (parameter.kind()) {
            case FLAG -> argument.is(parameter.name());
            case CHOICE -> parameter.words().stream().anyMatch(argument::is);
            default -> false;
          };
      if (isMeant) {
        return parameter;
      }
    }
    for (Parameter<P> parameter : parameters) {
      boolean isFree =
          parameter.kind() == Kind.LIST
              || parameter.kind() == Kind.PLACE && !values.containsKey(parameter.name());
      if (isFree) {
        return parameter;
      }
    }
    return null;
  }

  private List<String> expected() {
    return parameters.stream().flatMap(parameter -> parameter.expected().stream()).toList();
  }

  private SyntaxException unknown(Phrase argument) {
    Matcher key = KEY.matcher(argument.text());
    String word = key.matches() ? key.group(1) + "=" : argument.text();
    return argument.error(
        argument.quoted()
            + " is not known here"
            + Suggestion.of(word, expected())
            + (parameters.isEmpty()
                ? "; '" + name + "' has no arguments"
                : "; expected " + usage()));
  }

  @Override
  public String toString() {
    return usage();
  }
}
