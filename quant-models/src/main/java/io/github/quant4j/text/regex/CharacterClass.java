// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

/**
 * A class of characters on its way to {@link java.util.regex.Pattern}.
 *
 * @param content what stands between the brackets in Java's syntax
 * @param negated whether it is the complement that is meant
 * @param nested whether the content has brackets or intersections of its own
 */
record CharacterClass(String content, boolean negated, boolean nested) {
  private static final String ANYTHING = "[\\x{0}-\\x{10FFFF}]";

  static CharacterClass of(String content) {
    return new CharacterClass(content, false, false);
  }

  CharacterClass negate() {
    return new CharacterClass(content, !negated, nested);
  }

  /** As an expression that matches one character. */
  String asExpression() {
    if (negated && nested) {
      // What '^' applies to beside nested brackets has changed between versions of Java.
      return "(?:(?![" + content + "])" + ANYTHING + ")";
    }
    return (negated ? "[^" : "[") + content + "]";
  }

  /** As a member of another class. */
  String asMember(PatternReader reader) {
    if (negated && nested) {
      throw reader.unsupported("a negated class with nested brackets within a class");
    }
    return (negated ? "[^" : "[") + content + "]";
  }
}
