// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.wording;

import java.util.Locale;

/** Writes a word with those of its options that differ from the usual ones. */
public final class OptionText {
  private final String name;
  private final StringBuilder options = new StringBuilder();

  /**
   * Starts a word.
   *
   * @param name the name
   */
  public OptionText(String name) {
    this.name = name;
  }

  /**
   * Adds an option.
   *
   * @param present whether to add it
   * @param option its text
   * @return this
   */
  public OptionText add(boolean present, String option) {
    if (present) {
      options.append(options.isEmpty() ? "" : ",").append(option);
    }
    return this;
  }

  /**
   * A number as short as it can be read back.
   *
   * @param value a finite number
   * @return for example {@code 2} or {@code 0.05}
   */
  public static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? String.format(Locale.ROOT, "%.0f", value)
        : Double.toString(value);
  }

  /** The word. */
  @Override
  public String toString() {
    return options.isEmpty() ? name : name + "(" + options + ")";
  }
}
