// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.wording;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One step of a recipe's text: a name, and arguments in parentheses if any, such as {@code
 * gptq(act-order,damp=0.05)}.
 *
 * @param text the whole word
 * @param name what stands before the parentheses
 * @param arguments what stands inside, split at commas
 */
public record Word(String text, String name, List<String> arguments) {
  private static final Pattern FORM = Pattern.compile("([a-z][a-z0-9?-]*)(?:\\((.*)\\))?");

  /** Copies the list. */
  public Word {
    arguments = List.copyOf(arguments);
  }

  /**
   * Reads a word.
   *
   * @param text the word
   * @return its parts
   * @throws IllegalArgumentException if it has another form
   */
  public static Word parse(String text) {
    Matcher match = FORM.matcher(text);
    if (!match.matches()) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "': expected a name in lower case, with arguments in parentheses if any,"
              + " such as gptq(act-order)");
    }
    String list = match.group(2);
    List<String> arguments =
        list == null || list.isBlank()
            ? List.of()
            : split(list, ',').stream().map(String::trim).toList();
    return new Word(text, match.group(1), arguments);
  }

  /**
   * Splits a text, but not inside parentheses.
   *
   * @param text the text
   * @param separator the character to split at
   * @return the parts, at least one
   * @throws IllegalArgumentException if parentheses do not match
   */
  public static List<String> split(String text, char separator) {
    List<String> parts = new ArrayList<>();
    int depth = 0;
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      if (depth < 0) {
        break;
      }
      if (c == separator && depth == 0) {
        parts.add(text.substring(start, i));
        start = i + 1;
      }
    }
    if (depth != 0) {
      throw new IllegalArgumentException("'" + text + "': parentheses do not match");
    }
    parts.add(text.substring(start));
    return parts;
  }

  /**
   * Checks the number of arguments.
   *
   * @param least the fewest
   * @param most the most
   * @throws IllegalArgumentException if there are fewer or more
   */
  public void requireArguments(int least, int most) {
    if (arguments.size() < least || arguments.size() > most) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "': "
              + arguments.size()
              + " arguments, expected "
              + (least == most ? "" + least : least + " to " + most));
    }
  }

  /**
   * An argument that is a number.
   *
   * @param index which one
   * @return its value
   * @throws IllegalArgumentException if it is not a number
   */
  public double number(int index) {
    return number(arguments.get(index));
  }

  /**
   * An argument that is a whole number.
   *
   * @param index which one
   * @return its value
   * @throws IllegalArgumentException if it is not a whole number that fits an int
   */
  public int integer(int index) {
    return integer(arguments.get(index));
  }

  /**
   * Checks that every argument is one of some flags or has the form {@code key=value} with one of
   * some keys, and none stands twice.
   *
   * @param flags the flags, such as {@code act-order}
   * @param keys the keys, such as {@code damp}
   * @throws IllegalArgumentException if one is not; the message suggests the nearest known one
   */
  public void requireOptions(List<String> flags, List<String> keys) {
    List<String> seen = new ArrayList<>();
    List<String> known = new ArrayList<>(flags);
    keys.forEach(key -> known.add(key + "="));
    for (String argument : arguments) {
      int equals = argument.indexOf('=');
      String head = equals < 0 ? argument : argument.substring(0, equals + 1);
      if (!known.contains(head)) {
        throw new IllegalArgumentException(
            "'"
                + text
                + "': option '"
                + argument
                + "' is not known, expected "
                + (known.isEmpty() ? "none" : String.join(", ", known))
                + Suggestion.of(head, known));
      }
      if (seen.contains(head)) {
        throw new IllegalArgumentException("'" + text + "': option '" + head + "' stands twice");
      }
      seen.add(head);
    }
  }

  /**
   * The word without its first argument, whose text stays the whole one for messages.
   *
   * @return the changed word
   * @throws IllegalArgumentException if there is no argument
   */
  public Word withoutFirst() {
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException("'" + text + "': no arguments, expected at least one");
    }
    return new Word(text, name, arguments.subList(1, arguments.size()));
  }

  /**
   * Whether a flag is given.
   *
   * @param flag the flag
   * @return true if it is among the arguments
   */
  public boolean has(String flag) {
    return arguments.contains(flag);
  }

  /**
   * The number behind a key.
   *
   * @param key the key
   * @return the value, or empty if the key is not given
   * @throws IllegalArgumentException if the value is not a number
   */
  public Optional<Double> numberOf(String key) {
    return valueOf(key).map(this::number);
  }

  /**
   * The whole number behind a key.
   *
   * @param key the key
   * @return the value, or empty if the key is not given
   * @throws IllegalArgumentException if the value is not a whole number that fits an int
   */
  public Optional<Integer> integerOf(String key) {
    return valueOf(key).map(this::integer);
  }

  private Optional<String> valueOf(String key) {
    return arguments.stream()
        .filter(argument -> argument.startsWith(key + "="))
        .map(argument -> argument.substring(key.length() + 1))
        .findFirst();
  }

  private double number(String argument) {
    try {
      return Double.parseDouble(argument);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("'" + text + "': '" + argument + "' is not a number", e);
    }
  }

  private int integer(String argument) {
    try {
      return Integer.parseInt(argument);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "': '" + argument + "' is not a whole number", e);
    }
  }
}
