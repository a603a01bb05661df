// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.regex;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The properties that {@code \p{...}} and POSIX brackets may name, with what {@link
 * java.util.regex.Pattern} calls them inside a class. Names are compared without case, spaces,
 * hyphens and underscores.
 */
final class PropertyNames {
  static final String WORD = "\\p{IsAlphabetic}\\p{M}\\p{Nd}\\p{Pc}";

  /** Outside of brackets, Oniguruma counts six numbers of Latin-1 as parts of words. */
  static final String BARE_WORD = WORD + "\\x{B2}\\x{B3}\\x{B9}\\x{BC}-\\x{BE}";

  static final String SPACE = "\\p{IsWhite_Space}";
  static final String HEX_DIGIT = "0-9A-Fa-f";

  private static final Map<String, String> POSIX =
      Map.ofEntries(
          Map.entry("alnum", "\\p{IsAlphabetic}\\p{Nd}"),
          Map.entry("alpha", "\\p{IsAlphabetic}"),
          Map.entry("ascii", "\\x{0}-\\x{7F}"),
          Map.entry("blank", "\\p{Zs}\\x{9}"),
          Map.entry("cntrl", "\\p{Cc}"),
          Map.entry("digit", "\\p{Nd}"),
          Map.entry("lower", "\\p{IsLowercase}"),
          Map.entry("punct", "\\p{P}\\p{S}"),
          Map.entry("space", SPACE),
          Map.entry("upper", "\\p{IsUppercase}"),
          Map.entry("word", WORD),
          Map.entry("xdigit", HEX_DIGIT));

  private static final String[][] CATEGORIES = {
    {"L", "letter"},
    {"Lu", "uppercaseletter"},
    {"Ll", "lowercaseletter"},
    {"Lt", "titlecaseletter"},
    {"LC", "casedletter"},
    {"Lm", "modifierletter"},
    {"Lo", "otherletter"},
    {"M", "mark"},
    {"Mn", "nonspacingmark"},
    {"Mc", "spacingmark"},
    {"Me", "enclosingmark"},
    {"N", "number"},
    {"Nd", "decimalnumber"},
    {"Nl", "letternumber"},
    {"No", "othernumber"},
    {"P", "punctuation"},
    {"Pc", "connectorpunctuation"},
    {"Pd", "dashpunctuation"},
    {"Ps", "openpunctuation"},
    {"Pe", "closepunctuation"},
    {"Pi", "initialpunctuation"},
    {"Pf", "finalpunctuation"},
    {"Po", "otherpunctuation"},
    {"S", "symbol"},
    {"Sm", "mathsymbol"},
    {"Sc", "currencysymbol"},
    {"Sk", "modifiersymbol"},
    {"So", "othersymbol"},
    {"Z", "separator"},
    {"Zs", "spaceseparator"},
    {"Zl", "lineseparator"},
    {"Zp", "paragraphseparator"},
    {"C", "other"},
    {"Cc", "control"},
    {"Cf", "format"},
    {"Co", "privateuse"},
    {"Cn", "unassigned"},
  };

  private static final Map<String, String> PROPERTIES = new HashMap<>(POSIX);

  static {
    // As a property, unlike as a bracket, "punct" has no symbols; "word" differs by its place.
    PROPERTIES.put("punct", "\\p{P}");
    PROPERTIES.remove("word");
    for (String[] category : CATEGORIES) {
      String javaName = "\\p{" + category[0] + "}";
      PROPERTIES.put(category[0].toLowerCase(Locale.ROOT), javaName);
      PROPERTIES.put(category[1], javaName);
    }
    for (Character.UnicodeScript script : Character.UnicodeScript.values()) {
      if (script != Character.UnicodeScript.UNKNOWN) {
        PROPERTIES.put(normalize(script.name()), "\\p{Is" + script.name() + "}");
      }
    }
    PROPERTIES.put("alphabetic", "\\p{IsAlphabetic}");
    PROPERTIES.put("any", "\\x{0}-\\x{10FFFF}");
    PROPERTIES.put("assigned", "\\P{Cn}");
    PROPERTIES.put("emoji", "\\p{IsEmoji}");
    PROPERTIES.put("emojicomponent", "\\p{IsEmoji_Component}");
    PROPERTIES.put("emojimodifier", "\\p{IsEmoji_Modifier}");
    PROPERTIES.put("emojimodifierbase", "\\p{IsEmoji_Modifier_Base}");
    PROPERTIES.put("emojipresentation", "\\p{IsEmoji_Presentation}");
    PROPERTIES.put("extendedpictographic", "\\p{IsExtended_Pictographic}");
    PROPERTIES.put("ideographic", "\\p{IsIdeographic}");
    PROPERTIES.put("lowercase", "\\p{IsLowercase}");
    PROPERTIES.put("uppercase", "\\p{IsUppercase}");
    PROPERTIES.put("whitespace", SPACE);
  }

  private PropertyNames() {}

  /** The content of a Java class for a property, or null if the name is not known. */
  static @Nullable String find(String name) {
    return PROPERTIES.get(normalize(name));
  }

  /** The content of a Java class for a POSIX bracket, or null if the name is not known. */
  static @Nullable String findPosix(String name) {
    return POSIX.get(name);
  }

  private static String normalize(String name) {
    return name.replaceAll("[ _-]", "").toLowerCase(Locale.ROOT);
  }
}
