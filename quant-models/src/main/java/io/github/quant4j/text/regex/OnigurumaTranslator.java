// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

import org.jspecify.annotations.Nullable;

/**
 * Translates regular expressions from Oniguruma's syntax and Unicode semantics to {@link
 * java.util.regex.Pattern}. It parses what it translates, so that a construct that means something
 * else in Java is either spelled out or refused, never passed on by accident. Among the
 * differences: {@code \s}, {@code \d} and {@code \w} are of Unicode; {@code \h} is a hexadecimal
 * digit; a dot matches all but the line feed; {@code ^} and {@code $} are those of lines; {@code
 * {n,m}+} is not possessive but repeats.
 *
 * <p>Not supported, and refused: back-references, conditionals, calls, {@code \G}, {@code \K},
 * {@code \X}, {@code \O}, absent operators, options other than {@code i}, and ignoring the case of
 * letters beyond ASCII.
 */
final class OnigurumaTranslator {
  private static final int MAXIMUM_DEPTH = 100;
  private static final int NO_LETTER = -1;
  private static final String NO_LINE_FEED = "[^\\n]";
  private static final String WORD = "[" + PropertyNames.BARE_WORD + "]";

  /**
   * Java looks behind by UTF-16 units, and by characters only if the text of the pattern has a
   * supplementary character; this one is matched zero times.
   */
  private static final String BY_CHARACTERS = "(?:\uD83D\uDE00){0}";

  private static final String BEHIND = "(?<=" + BY_CHARACTERS;
  private static final String NOT_BEHIND = "(?<!" + BY_CHARACTERS;
  private static final String WORD_BOUNDARY =
      BEHIND + WORD + ")(?!" + WORD + ")|" + NOT_BEHIND + WORD + ")(?=" + WORD + ")";
  private static final String NO_WORD_BOUNDARY =
      BEHIND + WORD + ")(?=" + WORD + ")|" + NOT_BEHIND + WORD + ")(?!" + WORD + ")";

  private final PatternReader reader;
  private final ClassParser classes;
  private final StringBuilder out = new StringBuilder();

  /** The letter that was written last, where case is ignored. */
  private int previousLetter = NO_LETTER;

  private OnigurumaTranslator(String expression) {
    this.reader = new PatternReader(expression);
    this.classes = new ClassParser(reader);
  }

  /**
   * Translates an expression.
   *
   * @param expression in Oniguruma's syntax
   * @return the same in Java's syntax, to be compiled without flags
   * @throws IllegalArgumentException if it is malformed, or uses what is not supported
   */
  static String translate(String expression) {
    OnigurumaTranslator translator = new OnigurumaTranslator(expression);
    boolean ignoreCase = translator.reader.skip("(?i)");
    translator.alternatives(new Options(ignoreCase, false), 0);
    if (!translator.reader.atEnd()) {
      throw translator.reader.error("has a ')' without '('");
    }
    return translator.out.toString();
  }

  private record Options(boolean ignoreCase, boolean behind) {
    Options lookBehind() {
      return new Options(ignoreCase, true);
    }
  }

  private void alternatives(Options options, int depth) {
    if (depth > MAXIMUM_DEPTH) {
      throw reader.unsupported("more than " + MAXIMUM_DEPTH + " nested groups");
    }
    previousLetter = NO_LETTER;
    while (!reader.atEnd() && reader.peek() != ')') {
      if (reader.skip("|")) {
        out.append('|');
        previousLetter = NO_LETTER;
      } else {
        int start = out.length();
        if (atom(options, depth)) {
          quantifiers(start);
        } else if (atQuantifier()) {
          throw reader.unsupported("a repeated assertion");
        }
      }
    }
    previousLetter = NO_LETTER;
  }

  /** Translates one atom; says whether it may be repeated. */
  private boolean atom(Options options, int depth) {
    if (reader.skip("(")) {
      previousLetter = NO_LETTER;
      return group(options, depth);
    }
    if (reader.skip("[")) {
      previousLetter = NO_LETTER;
      out.append(classes.brackets(options.ignoreCase(), 0).asExpression());
      return true;
    }
    int codePoint = reader.next();
    return switch (codePoint) {
      case '\\' -> escape(options);
      case '.' -> one(NO_LINE_FEED);
      case '^' -> assertion("(?:\\A|(?<=\\n)(?!\\z))");
      case '$' -> assertion("(?=\\n|\\z)");
      case '*', '+', '?' -> throw reader.error("repeats nothing");
      default -> literal(codePoint, options);
    };
  }

  private boolean one(String javaExpression) {
    previousLetter = NO_LETTER;
    out.append(javaExpression);
    return true;
  }

  private boolean assertion(String javaExpression) {
    out.append(javaExpression);
    return false;
  }

  private boolean literal(int codePoint, Options options) {
    if (!options.ignoreCase()) {
      out.append(PatternReader.quote(codePoint));
      return true;
    }
    if (codePoint >= 0x80
        && (Character.isAlphabetic(codePoint)
            || Character.toLowerCase(codePoint) != Character.toUpperCase(codePoint))) {
      throw reader.unsupported("letters beyond ASCII where case is ignored");
    }
    if (previousLetter != NO_LETTER && CaseFolding.formLigature(previousLetter, codePoint)) {
      throw reader.unsupported(
          "letters with a ligature where case is ignored: "
              + Character.toString(previousLetter)
              + Character.toString(codePoint));
    }
    previousLetter = codePoint;
    int[] variants = codePoint < 0x80 ? CaseFolding.variants(codePoint) : new int[0];
    if (variants.length == 0) {
      out.append(PatternReader.quote(codePoint));
      return true;
    }
    out.append('[').append(PatternReader.quote(codePoint));
    for (int variant : variants) {
      out.append(PatternReader.quote(variant));
    }
    out.append(']');
    return true;
  }

  private boolean escape(Options options) {
    int letter = reader.next();
    CharacterClass named = classes.named(letter, true);
    if (named != null) {
      return one(named.asExpression());
    }
    return switch (letter) {
      case 'A' -> assertion("\\A");
      case 'z' -> assertion("\\z");
      case 'Z' -> assertion("(?=\\n?\\z)");
      case 'b' -> assertion("(?:" + WORD_BOUNDARY + ")");
      case 'B' -> assertion("(?:" + NO_WORD_BOUNDARY + ")");
      case 'R' -> {
        if (options.behind()) {
          throw reader.unsupported("\\R in a look-behind");
        }
        yield one("(?>\\r\\n|[\\n-\\r\\x{85}\\x{2028}\\x{2029}])");
      }
      case 'N' -> one(NO_LINE_FEED);
      default -> {
        int character = reader.escapedCharacter(letter);
        if (character < 0) {
          throw reader.unsupported("the escape \\" + Character.toString(letter));
        }
        yield literal(character, options);
      }
    };
  }

  private boolean group(Options options, int depth) {
    Options inside = options;
    boolean repeatable = true;
    String opening = "(?:";
    if (reader.skip("?#")) {
      reader.until(')');
      return false;
    }
    if (reader.skip("?")) {
      if (reader.skip(":")) {
        opening = "(?:";
      } else if (reader.skip(">")) {
        opening = "(?>";
      } else if (reader.skip("=")) {
        opening = "(?=";
        repeatable = false;
      } else if (reader.skip("!")) {
        opening = "(?!";
        repeatable = false;
      } else if (reader.skip("<=")) {
        opening = BEHIND;
        inside = options.lookBehind();
        repeatable = false;
      } else if (reader.skip("<!")) {
        opening = NOT_BEHIND;
        inside = options.lookBehind();
        repeatable = false;
      } else if (reader.skip("<")) {
        // Without back-references a name has no use.
        if (!reader.until('>').matches("[A-Za-z_][A-Za-z0-9_]*")) {
          throw reader.error("has a malformed group name");
        }
      } else {
        inside = options(options);
      }
    } else if (reader.startsWith("*")) {
      throw reader.unsupported("a callout '(*'");
    }
    out.append(opening);
    alternatives(inside, depth + 1);
    reader.expect(')');
    out.append(')');
    return repeatable;
  }

  private Options options(Options outer) {
    boolean value = true;
    Options result = outer;
    while (!reader.skip(":")) {
      int letter = reader.next();
      switch (letter) {
        case '-' -> value = false;
        case 'i' -> result = new Options(value, result.behind());
        default -> throw reader.unsupported("the group '(?" + Character.toString(letter) + "'");
      }
    }
    return result;
  }

  private boolean atQuantifier() {
    int codePoint = reader.peek();
    return codePoint == '*' || codePoint == '+' || codePoint == '?';
  }

  private void quantifiers(int start) {
    boolean repeated = false;
    while (true) {
      int before = reader.position();
      String quantifier = quantifier();
      if (quantifier == null) {
        reader.position(before);
        return;
      }
      if (repeated) {
        out.insert(start, "(?:").append(')');
      }
      out.append(quantifier);
      repeated = true;
    }
  }

  private @Nullable String quantifier() {
    if (atQuantifier()) {
      String quantifier = Character.toString(reader.next());
      if (reader.skip("?")) {
        return quantifier + "?";
      }
      return reader.skip("+") ? quantifier + "+" : quantifier;
    }
    if (!reader.skip("{")) {
      return null;
    }
    int least = reader.digits();
    boolean comma = reader.skip(",");
    int most = comma ? reader.digits() : least;
    // Braces that hold no interval are ordinary characters.
    if (!reader.skip("}") || least < 0 && most < 0) {
      return null;
    }
    if (most >= 0 && most < least) {
      throw reader.unsupported("an interval that runs backwards");
    }
    String interval =
        "{" + Math.max(least, 0) + (comma ? "," : "") + (comma && most >= 0 ? most : "") + "}";
    // After a fixed count a question mark makes the whole optional, it does not make it lazy.
    return comma && reader.skip("?") ? interval + "?" : interval;
  }
}
