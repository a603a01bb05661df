// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.pipeline;

import java.util.regex.Pattern;

/**
 * Selects linear sites by name. {@code *} stands for any characters, dots included, and {@code ?}
 * for any one; the whole name must match: {@code lm_head}, {@code *.down_proj}, {@code
 * model.layers.0.*}.
 */
public final class SitePattern {
  private final String text;
  private final Pattern pattern;

  private SitePattern(String text, Pattern pattern) {
    this.text = text;
    this.pattern = pattern;
  }

  /**
   * Reads a pattern.
   *
   * @param text the pattern; blanks around it do not count
   * @return the pattern
   * @throws IllegalArgumentException if it is empty
   */
  public static SitePattern of(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "pattern: empty, expected the name of a linear layer, in which * stands for any text");
    }
    StringBuilder expression = new StringBuilder();
    for (char c : text.trim().toCharArray()) {
      switch (c) {
        case '*' -> expression.append(".*");
        case '?' -> expression.append('.');
        default -> expression.append(Pattern.quote(String.valueOf(c)));
      }
    }
    return new SitePattern(text.trim(), Pattern.compile(expression.toString()));
  }

  /**
   * Whether a layer is selected.
   *
   * @param name the layer's whole name
   * @return whether the pattern matches it
   */
  public boolean matches(String name) {
    return pattern.matcher(name).matches();
  }

  /** The pattern as it was written. */
  @Override
  public String toString() {
    return text;
  }
}
