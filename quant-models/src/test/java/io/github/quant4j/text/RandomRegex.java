// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text;

import io.github.quant4j.testing.SeededRandom;

/** Draws regular expressions in Oniguruma's syntax. */
final class RandomRegex {
  private static final String[] ATOMS = {
    "a",
    "b",
    "A",
    "s",
    "k",
    "é",
    "漢",
    "😀",
    " ",
    "1",
    "\\n",
    "\\r",
    "\\t",
    "\\.",
    "-",
    "{",
    "}",
    "]",
    ".",
    "\\s",
    "\\S",
    "\\d",
    "\\D",
    "\\w",
    "\\W",
    "\\h",
    "\\H",
    "\\R",
    "\\N",
    "\\p{L}",
    "\\p{N}",
    "\\P{L}",
    "\\p{^N}",
    "\\p{Lu}",
    "\\p{Han}",
    "\\p{Letter}",
    "\\p{Alphabetic}",
    "\\p{M}",
    "\\p{P}",
    "\\p{S}",
    "\\p{Greek}",
    "\\x41",
    "\\x{1F600}",
    "\\u00e9",
    "\\'",
    "\\/",
    "#",
    "&",
    "~",
    "[[:punct:]]",
    "\\p{Punct}",
    "\\p{Space}"
  };

  private static final String[] MEMBERS = {
    "a",
    "b",
    "A-C",
    "s",
    "k",
    "é",
    "漢",
    "😀",
    " ",
    "0-9",
    "\\n",
    "\\r\\n",
    "\\]",
    "\\-",
    "a-c",
    ".",
    "*",
    "\\s",
    "\\S",
    "\\d",
    "\\w",
    "\\W",
    "\\h",
    "\\p{L}",
    "\\p{N}",
    "\\P{L}",
    "\\p{M}",
    "\\p{^Z}",
    "\\p{P}",
    "[:alpha:]",
    "[:^space:]",
    "[:upper:]",
    "[:word:]",
    "[xyz]",
    "[^a-k]",
    "(",
    "|",
    "$",
    "\\x{2028}",
    "'"
  };

  private static final String[] QUANTIFIERS = {
    "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{,2}", "{1,}", "{1,2}?",
    "{1,2}+", "{2}?", "{0,1}", "+*", "{,}"
  };

  private static final String[] GROUP_QUANTIFIERS = {"?", "??", "?+", "{1,2}", "{0,1}", "{2}"};

  private static final String[] ASSERTIONS = {"\\b", "\\B", "^", "$", "\\A", "\\z", "\\Z"};

  private final SeededRandom random;

  RandomRegex(SeededRandom random) {
    this.random = random;
  }

  private boolean chance(int percent) {
    return random.nextInt(0, 100) < percent;
  }

  private String pick(String[] from) {
    return from[random.nextInt(0, from.length)];
  }

  /** An expression. */
  String next() {
    return (chance(8) ? "(?i)" : "") + alternatives(2);
  }

  private String alternatives(int depth) {
    StringBuilder out = new StringBuilder(sequence(depth));
    while (chance(35)) {
      out.append('|').append(sequence(depth));
    }
    return out.toString();
  }

  private String sequence(int depth) {
    StringBuilder out = new StringBuilder();
    int count = random.nextInt(1, 4);
    for (int i = 0; i < count; i++) {
      int kind = random.nextInt(0, 12);
      if (kind == 0) {
        out.append(pick(ASSERTIONS));
      } else if (kind == 1 && depth > 0) {
        out.append(pick(new String[] {"(?=", "(?!"})).append(alternatives(depth - 1)).append(')');
      } else if (kind == 2) {
        // Only expressions of one length are behind others in either syntax.
        out.append(pick(new String[] {"(?<=", "(?<!"})).append(single()).append(')');
      } else {
        boolean group = kind == 3 && depth > 0;
        out.append(group ? group(depth) : single());
        if (chance(45)) {
          // Unbounded groups in groups can take both engines forever.
          out.append(pick(group ? GROUP_QUANTIFIERS : QUANTIFIERS));
        }
      }
    }
    return out.toString();
  }

  private String group(int depth) {
    String opening = pick(new String[] {"(", "(?:", "(?>", "(?i:", "(?-i:", "(?<n>"});
    return opening + alternatives(depth - 1) + ")";
  }

  private String single() {
    return chance(35) ? characterClass() : pick(ATOMS);
  }

  private String characterClass() {
    StringBuilder out = new StringBuilder(chance(35) ? "[^" : "[");
    int count = random.nextInt(1, 4);
    for (int i = 0; i < count; i++) {
      out.append(pick(MEMBERS));
      if (chance(6) && i + 1 < count) {
        out.append("&&");
      }
    }
    return out.append(']').toString();
  }
}
