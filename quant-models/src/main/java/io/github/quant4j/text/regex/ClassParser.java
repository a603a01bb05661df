// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Parses bracket expressions and the escapes that name classes. */
final class ClassParser {
  private static final int MAXIMUM_DEPTH = 20;

  /**
   * Classes without letters that have another case, but for both cases of the hexadecimal digits.
   */
  private static final Pattern CASELESS =
      Pattern.compile(
          "\\\\p\\{[NPSZ][a-z]?}|"
              + Pattern.quote(PropertyNames.SPACE)
              + "|"
              + PropertyNames.HEX_DIGIT);

  private final PatternReader reader;

  ClassParser(PatternReader reader) {
    this.reader = reader;
  }

  /** Parses a bracket expression whose opening bracket is read already. */
  CharacterClass brackets(boolean ignoreCase, int depth) {
    if (depth > MAXIMUM_DEPTH) {
      throw reader.unsupported("more than " + MAXIMUM_DEPTH + " nested brackets");
    }
    boolean negated = reader.skip("^");
    if (reader.peek() == ']') {
      throw reader.unsupported("a class that is empty or starts with ']'");
    }
    StringBuilder intersection = new StringBuilder();
    Members members = new Members();
    boolean intersects = false;
    while (!reader.skip("]")) {
      if (reader.skip("&&")) {
        if (ignoreCase) {
          throw reader.unsupported("an intersection where case is ignored");
        }
        intersects = true;
        intersection.append(members.operand()).append("&&");
        members = new Members();
      } else {
        member(members, ignoreCase, negated, depth);
      }
    }
    if (!intersects) {
      members.requireSome();
      return new CharacterClass(members.content.toString(), negated, members.nested);
    }
    intersection.append(members.operand());
    return new CharacterClass(intersection.toString(), negated, true);
  }

  private void member(Members members, boolean ignoreCase, boolean negated, int depth) {
    if (reader.startsWith("[:")) {
      CharacterClass posix = posix();
      if (posix != null) {
        if (ignoreCase) {
          throw reader.unsupported("a POSIX bracket where case is ignored");
        }
        members.add(posix, reader);
        return;
      }
    }
    if (reader.skip("[")) {
      if (ignoreCase) {
        throw reader.unsupported("nested brackets where case is ignored");
      }
      members.add(brackets(false, depth + 1), reader);
      return;
    }
    int first = reader.next();
    if (first == '\\') {
      int letter = reader.next();
      CharacterClass named = named(letter, false);
      if (named != null) {
        members.add(ignoreCase ? fold(named, negated) : named, reader);
        return;
      }
      first = escaped(letter);
    }
    int last = first;
    if (reader.peek() == '-' && !reader.startsWith("-]")) {
      int dash = reader.position();
      reader.next();
      last = reader.next();
      if (last == '[' || last == '&' && reader.peek() == '&') {
        throw reader.unsupported("a range that ends in a class");
      }
      if (last == '\\') {
        int letter = reader.next();
        if (named(letter, false) != null) {
          reader.position(dash);
          throw reader.unsupported("a range that ends in a class");
        }
        last = escaped(letter);
      }
      if (last < first) {
        throw reader.error("has a range that runs backwards");
      }
    }
    members.range(first, last);
    if (ignoreCase) {
      fold(members, first, last);
    }
  }

  private int escaped(int letter) {
    // Inside brackets \b is the backspace.
    int character = letter == 'b' ? '\b' : reader.escapedCharacter(letter);
    if (character < 0) {
      throw reader.unsupported("the escape \\" + Character.toString(letter) + " in a class");
    }
    return character;
  }

  /** Adds the other case of what a range has. */
  private void fold(Members members, int first, int last) {
    if (last >= 0x80) {
      if (first == last && !Character.isAlphabetic(first) && !hasCase(first)) {
        return;
      }
      throw reader.unsupported("letters beyond ASCII in a class where case is ignored");
    }
    for (int c = first; c <= last; c++) {
      for (int other : CaseFolding.variants(c)) {
        members.range(other, other);
      }
    }
  }

  private static boolean hasCase(int codePoint) {
    return Character.toLowerCase(codePoint) != codePoint
        || Character.toUpperCase(codePoint) != codePoint;
  }

  /**
   * What a class becomes where case is ignored. Brackets that have characters whose folding is
   * longer also match that folding, "ss" for one that has the sharp s; only negated ones do not. So
   * letters are fine in those alone, and with the one mark that is a cased letter too.
   */
  private CharacterClass fold(CharacterClass named, boolean inNegated) {
    String content = named.content();
    if (!named.negated()) {
      if (CASELESS.matcher(content).matches()) {
        return named;
      }
      if (inNegated && content.equals("\\p{L}")) {
        return CharacterClass.of(content + "\\x{345}");
      }
      if (inNegated && content.equals("\\p{M}")) {
        return CharacterClass.of(content + "\\x{399}\\x{3B9}\\x{1FBE}");
      }
    }
    throw reader.unsupported(
        "the class "
            + (named.negated() ? "^" : "")
            + content
            + " within brackets where case is ignored");
  }

  private @Nullable CharacterClass posix() {
    int start = reader.position();
    reader.skip("[:");
    boolean negated = reader.skip("^");
    StringBuilder name = new StringBuilder();
    while (reader.peek() >= 'a' && reader.peek() <= 'z') {
      name.appendCodePoint(reader.next());
    }
    String content = PropertyNames.findPosix(name.toString());
    if (!reader.skip(":]")) {
      reader.position(start);
      return null;
    }
    if (content == null) {
      throw reader.unsupported("the POSIX bracket [:" + name + ":]");
    }
    return new CharacterClass(content, negated, false);
  }

  /**
   * The class that an escape names, or null if it names none.
   *
   * @param letter what follows the backslash, read already
   * @param bare whether it stands outside of brackets
   */
  @Nullable CharacterClass named(int letter, boolean bare) {
    return switch (letter) {
      case 'd' -> CharacterClass.of("\\p{Nd}");
      case 'D' -> CharacterClass.of("\\p{Nd}").negate();
      case 's' -> CharacterClass.of(PropertyNames.SPACE);
      case 'S' -> CharacterClass.of(PropertyNames.SPACE).negate();
      case 'w' -> CharacterClass.of(bare ? PropertyNames.BARE_WORD : PropertyNames.WORD);
      case 'W' -> CharacterClass.of(bare ? PropertyNames.BARE_WORD : PropertyNames.WORD).negate();
      case 'h' -> CharacterClass.of(PropertyNames.HEX_DIGIT);
      case 'H' -> CharacterClass.of(PropertyNames.HEX_DIGIT).negate();
      case 'p', 'P' -> property(letter == 'P');
      default -> null;
    };
  }

  private CharacterClass property(boolean complement) {
    if (!reader.skip("{")) {
      throw reader.unsupported("\\p without braces");
    }
    boolean negated = reader.skip("^") ^ complement;
    String name = reader.until('}');
    String content = PropertyNames.find(name);
    if (content == null) {
      throw reader.unsupported("the property '" + name + "'");
    }
    return new CharacterClass(content, negated, false);
  }

  /** The union that stands between brackets or intersections. */
  private final class Members {
    private final StringBuilder content = new StringBuilder();
    private boolean nested;

    private void add(CharacterClass member, PatternReader from) {
      if (!member.negated() && !member.nested()) {
        content.append(member.content());
      } else {
        content.append(member.asMember(from));
        nested = true;
      }
    }

    private void range(int first, int last) {
      content.append(PatternReader.quote(first));
      if (last > first) {
        content.append('-').append(PatternReader.quote(last));
      }
    }

    private String operand() {
      requireSome();
      return "[" + content + "]";
    }

    private void requireSome() {
      if (content.isEmpty()) {
        throw reader.unsupported("an empty operand in a class");
      }
    }
  }
}
