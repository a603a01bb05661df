// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.math.BigInteger;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** English words that numbers are made of, as Whisper's normalization knows them. */
final class NumberWords {
  /** A number with the end that an ordinal or a plural has. */
  record Suffixed(BigInteger value, String suffix) {}

  static final Set<String> ZEROS = Set.of("o", "oh", "zero");
  static final Map<String, BigInteger> ONES =
      numbered(
          1,
          1,
          "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
              + " sixteen seventeen eighteen nineteen");
  static final Map<String, BigInteger> TENS =
      numbered(20, 10, "twenty thirty forty fifty sixty seventy eighty ninety");
  static final Map<String, BigInteger> MULTIPLIERS = multipliers();
  static final Map<String, Suffixed> ONES_SUFFIXED = onesSuffixed();
  static final Map<String, Suffixed> TENS_SUFFIXED = tensSuffixed();
  static final Map<String, Suffixed> MULTIPLIERS_SUFFIXED = multipliersSuffixed();

  /** Signs that stand before a number as words do. */
  static final Map<String, String> PRECEDING =
      Map.of("minus", "-", "negative", "-", "plus", "+", "positive", "+");

  /** Signs whose words follow a number. */
  static final Map<String, String> FOLLOWING =
      Map.of(
          "pound", "£", "pounds", "£", "euro", "€", "euros", "€", "dollar", "$", "dollars", "$",
          "cent", "¢", "cents", "¢");

  static final String PREFIXES = "-+£€$¢";
  static final Set<String> SUFFIXERS = Set.of("per", "percent");
  static final Set<String> SPECIALS = Set.of("and", "double", "triple", "point");

  /** What may follow a decimal point. */
  static final Set<String> DECIMALS = union(List.of(ONES.keySet(), TENS.keySet(), ZEROS));

  private static final Set<String> ALL =
      union(
          List.of(
              ZEROS,
              ONES.keySet(),
              ONES_SUFFIXED.keySet(),
              TENS.keySet(),
              TENS_SUFFIXED.keySet(),
              MULTIPLIERS.keySet(),
              MULTIPLIERS_SUFFIXED.keySet(),
              PRECEDING.keySet(),
              FOLLOWING.keySet(),
              SUFFIXERS,
              SPECIALS));

  private NumberWords() {}

  /** Whether a word may be part of a number. */
  static boolean contains(String word) {
    return ALL.contains(word);
  }

  private static Map<String, BigInteger> numbered(int first, int step, String words) {
    Map<String, BigInteger> numbers = new HashMap<>();
    int value = first;
    for (String word : words.split(" ", -1)) {
      numbers.put(word, BigInteger.valueOf(value));
      value += step;
    }
    return Map.copyOf(numbers);
  }

  private static Map<String, BigInteger> multipliers() {
    Map<String, BigInteger> values = new HashMap<>();
    values.put("hundred", BigInteger.valueOf(100));
    int thousands = 1;
    for (String word :
        ("thousand million billion trillion quadrillion quintillion sextillion septillion"
                + " octillion nonillion decillion")
            .split(" ", -1)) {
      values.put(word, BigInteger.valueOf(1000).pow(thousands++));
    }
    return Map.copyOf(values);
  }

  private static Map<String, Suffixed> onesSuffixed() {
    Map<String, Suffixed> words = new HashMap<>();
    ONES.forEach(
        (name, value) -> {
          words.put(name.equals("six") ? "sixes" : name + "s", new Suffixed(value, "s"));
          words.put(name + (name.endsWith("t") ? "h" : "th"), new Suffixed(value, "th"));
        });
    for (String regular : "oneth twoth threeth fiveth twelveth".split(" ", -1)) {
      words.remove(regular);
    }
    words.put("zeroth", suffixed(0, "th"));
    words.put("first", suffixed(1, "st"));
    words.put("second", suffixed(2, "nd"));
    words.put("third", suffixed(3, "rd"));
    words.put("fifth", suffixed(5, "th"));
    words.put("twelfth", suffixed(12, "th"));
    return Map.copyOf(words);
  }

  private static Map<String, Suffixed> tensSuffixed() {
    Map<String, Suffixed> words = new HashMap<>();
    TENS.forEach(
        (name, value) -> {
          words.put(name.replace("y", "ies"), new Suffixed(value, "s"));
          words.put(name.replace("y", "ieth"), new Suffixed(value, "th"));
        });
    return Map.copyOf(words);
  }

  private static Map<String, Suffixed> multipliersSuffixed() {
    Map<String, Suffixed> words = new HashMap<>();
    MULTIPLIERS.forEach(
        (name, value) -> {
          words.put(name + "s", new Suffixed(value, "s"));
          words.put(name + "th", new Suffixed(value, "th"));
        });
    return Map.copyOf(words);
  }

  private static Suffixed suffixed(int value, String suffix) {
    return new Suffixed(BigInteger.valueOf(value), suffix);
  }

  private static Set<String> union(List<Collection<String>> sets) {
    Set<String> all = new HashSet<>();
    sets.forEach(all::addAll);
    return Set.copyOf(all);
  }
}
