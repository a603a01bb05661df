// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.grammar;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The arguments that stand in a text, with those that are not given as the step declares them. */
public final class Values {
  private final Phrase step;
  private final Map<String, Object> values;

  Values(Phrase step, Map<String, Object> values) {
    this.step = step;
    this.values = Map.copyOf(values);
  }

  /**
   * The whole step.
   *
   * @return its text, for complaints about several arguments
   */
  public Phrase step() {
    return step;
  }

  private Object value(String name) {
    Object value = values.get(name);
    if (value == null) {
      throw new IllegalStateException("no argument " + name + " is declared, or it may be missing");
    }
    return value;
  }

  /**
   * Whether an argument has a value.
   *
   * @param name of the argument
   * @return false if it is not given and nothing holds instead
   */
  public boolean has(String name) {
    return values.containsKey(name);
  }

  /**
   * Whether a flag is given.
   *
   * @param name of the flag
   * @return true if it is
   */
  public boolean flag(String name) {
    return values.containsKey(name);
  }

  /**
   * A number.
   *
   * @param name of the argument
   * @return its value
   */
  public double number(String name) {
    return ((Number) value(name)).doubleValue();
  }

  /**
   * A whole number.
   *
   * @param name of the argument
   * @return its value
   */
  public long whole(String name) {
    return ((Number) value(name)).longValue();
  }

  /**
   * A whole number whose range is that of an int or less.
   *
   * @param name of the argument
   * @return its value
   */
  public int count(String name) {
    return Math.toIntExact(whole(name));
  }

  /**
   * Whether a word stands in place of a number, or which word of a choice stands.
   *
   * @param name of the argument
   * @param word the word
   * @return true if it is that one
   */
  public boolean is(String name, String word) {
    return value(name).equals(word);
  }

  /**
   * The word of a choice.
   *
   * @param name of the argument
   * @return the word
   */
  public String word(String name) {
    return (String) value(name);
  }

  /**
   * An argument with a grammar of its own.
   *
   * @param name of the argument
   * @return its text, or empty if it is not given
   */
  public Optional<Phrase> phrase(String name) {
    return Optional.ofNullable(values.get(name)).map(Phrase.class::cast);
  }

  /**
   * The arguments of a list.
   *
   * @param name of the argument
   * @return their texts
   */
  public List<Phrase> list(String name) {
    return ((List<?>) value(name)).stream().map(Phrase.class::cast).toList();
  }
}
