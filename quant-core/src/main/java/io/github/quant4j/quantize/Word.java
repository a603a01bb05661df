// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.quantize;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One step of a recipe's text: a name with arguments in parentheses. */
record Word(String text, String name, List<String> arguments) {
  private static final Pattern FORM = Pattern.compile("([a-z][a-z0-9-]*)(?:\\(([^()]*)\\))?");

  static Word parse(String text) {
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
            : List.of(list.split(",", -1)).stream().map(String::trim).toList();
    return new Word(text, match.group(1), arguments);
  }

  void requireArguments(int least, int most) {
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

  double number(int index) {
    try {
      return Double.parseDouble(arguments.get(index));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "'" + text + "': argument '" + arguments.get(index) + "' is not a number", e);
    }
  }
}
