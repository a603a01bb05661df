// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.evaluate;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Puts the words of one text together to numbers; used once. */
final class NumberParser {
  private static final Pattern NUMBER =
      Pattern.compile("\\d+(\\.\\d+)?", Pattern.UNICODE_CHARACTER_CLASS);
  private static final BigInteger TEN = BigInteger.TEN;
  private static final BigInteger HUNDRED = BigInteger.valueOf(100);
  private static final BigInteger THOUSAND = BigInteger.valueOf(1000);

  private final String[] words;
  private final List<String> written = new ArrayList<>();
  private @Nullable String prefix;

  /** The number so far: an integer that words can still be added to, or digits, or neither. */
  private @Nullable BigInteger number;

  private @Nullable String digits;

  NumberParser(String[] words) {
    this.words = words;
  }

  /** The words, with numbers in digits. */
  List<String> parse() {
    int i = 0;
    while (i < words.length) {
      String before = i > 0 ? words[i - 1] : "";
      String next = i + 1 < words.length ? words[i + 1] : "";
      i += read(before, words[i], next) ? 2 : 1;
    }
    flush();
    return written;
  }

  private boolean isOpen() {
    return number != null || digits != null;
  }

  /** The number so far as it is written, nothing for none. */
  private String shown() {
    return digits != null ? digits : number != null ? number.toString() : "";
  }

  /** The same, but a zero that is an integer is nothing yet. */
  private String begun() {
    return digits == null && number != null && number.signum() == 0 ? "" : shown();
  }

  private void set(BigInteger value) {
    number = value;
    digits = null;
  }

  private void set(String value) {
    number = null;
    digits = value;
  }

  private void clear() {
    number = null;
    digits = null;
  }

  private void write(String text) {
    written.add(prefix == null ? text : prefix + text);
    prefix = null;
    clear();
  }

  private void flush() {
    if (isOpen()) {
      write(shown());
    }
  }

  private static boolean isNumber(String word) {
    return NUMBER.matcher(word).matches();
  }

  private static boolean isOne(String word) {
    return NumberWords.ONES.containsKey(word);
  }

  private static boolean isTen(String word) {
    return NumberWords.TENS.containsKey(word);
  }

  /** Reads a word; whether the next one is read with it. */
  private boolean read(String before, String word, String next) {
    boolean hasSign = NumberWords.PREFIXES.indexOf(word.codePointAt(0)) >= 0;
    String unsigned = hasSign ? word.substring(1) : word;
    if (isNumber(unsigned)) {
      readDigits(word, unsigned, hasSign);
    } else if (!NumberWords.contains(word)) {
      flush();
      write(word);
    } else if (NumberWords.ZEROS.contains(word)) {
      set(begun() + "0");
    } else if (isOne(word)) {
      extend(before, Objects.requireNonNull(NumberWords.ONES.get(word)));
    } else if (NumberWords.ONES_SUFFIXED.containsKey(word)) {
      NumberWords.Suffixed suffixed = NumberWords.ONES_SUFFIXED.get(word);
      extend(before, suffixed.value());
      write(shown() + suffixed.suffix());
    } else if (isTen(word)) {
      addTens(Objects.requireNonNull(NumberWords.TENS.get(word)));
    } else if (NumberWords.TENS_SUFFIXED.containsKey(word)) {
      NumberWords.Suffixed suffixed = NumberWords.TENS_SUFFIXED.get(word);
      addTens(suffixed.value());
      write(shown() + suffixed.suffix());
    } else if (NumberWords.MULTIPLIERS.containsKey(word)) {
      multiply(NumberWords.MULTIPLIERS.get(word), "");
    } else if (NumberWords.MULTIPLIERS_SUFFIXED.containsKey(word)) {
      NumberWords.Suffixed suffixed = NumberWords.MULTIPLIERS_SUFFIXED.get(word);
      multiply(suffixed.value(), suffixed.suffix());
    } else {
      return readSign(before, word, next);
    }
    return false;
  }

  private void readDigits(String word, String unsigned, boolean hasSign) {
    if (isOpen()) {
      if (digits != null && digits.endsWith(".")) {
        // Decimals, or the parts of an address.
        set(digits + word);
        return;
      }
      flush();
    }
    if (hasSign) {
      prefix = word.substring(0, 1);
    }
    whole(unsigned).ifPresentOrElse(this::set, () -> set(unsigned));
  }

  /** The integer that digits stand for, perhaps with zeros behind a point. */
  private static Optional<BigInteger> whole(String value) {
    return decimal(value).flatMap(NumberParser::whole);
  }

  private static Optional<BigInteger> whole(BigDecimal value) {
    return value.stripTrailingZeros().scale() <= 0
        ? Optional.of(value.toBigIntegerExact())
        : Optional.empty();
  }

  private static Optional<BigDecimal> decimal(String value) {
    try {
      return Optional.of(new BigDecimal(value));
    } catch (NumberFormatException _) {
      return Optional.empty();
    }
  }

  /** Adds a number below twenty to what there is, or sets it behind. */
  private void extend(String before, BigInteger ones) {
    boolean isDigit = ones.compareTo(TEN) < 0;
    if (!isOpen()) {
      set(ones);
    } else if (digits != null || isOne(before)) {
      String so = shown();
      boolean fills = isTen(before) && isDigit;
      set((fills ? so.substring(0, so.length() - 1) : so) + ones);
    } else {
      add(ones, isDigit ? TEN : HUNDRED);
    }
  }

  private void addTens(BigInteger tens) {
    if (!isOpen()) {
      set(tens);
    } else if (digits != null) {
      set(digits + tens);
    } else {
      add(tens, HUNDRED);
    }
  }

  /** Adds where there is room for it, as after a multiple of the unit. */
  private void add(BigInteger value, BigInteger unit) {
    BigInteger so = number == null ? BigInteger.ZERO : number;
    if (so.mod(unit).signum() == 0) {
      set(so.add(value));
    } else {
      set(so.toString() + value);
    }
  }

  private void multiply(BigInteger multiplier, String suffix) {
    boolean ends = !suffix.isEmpty();
    if (!isOpen()) {
      set(multiplier);
    } else if (digits != null) {
      Optional<BigInteger> product =
          decimal(digits)
              .map(d -> d.multiply(new BigDecimal(multiplier)))
              .flatMap(NumberParser::whole);
      if (product.isEmpty()) {
        write(shown());
      }
      set(product.orElse(multiplier));
    } else if (number != null && number.signum() != 0 || ends) {
      BigInteger so = number == null ? BigInteger.ZERO : number;
      BigInteger residual = so.mod(THOUSAND);
      set(so.subtract(residual).add(residual.multiply(multiplier)));
    }
    if (ends) {
      write(shown() + suffix);
    }
  }

  /** Words that are signs, or join others; whether the next word is read with it. */
  private boolean readSign(String before, String word, String next) {
    boolean isFollowed = NumberWords.contains(next) || isNumber(next);
    if (NumberWords.PRECEDING.containsKey(word)) {
      flush();
      if (isFollowed) {
        prefix = NumberWords.PRECEDING.get(word);
      } else {
        write(word);
      }
      return false;
    }
    if (NumberWords.FOLLOWING.containsKey(word)) {
      if (isOpen()) {
        prefix = NumberWords.FOLLOWING.get(word);
        flush();
      } else {
        write(word);
      }
      return false;
    }
    if (NumberWords.SUFFIXERS.contains(word)) {
      return readPercent(word, next);
    }
    if (!isFollowed) {
      flush();
      write(word);
      return false;
    }
    return switch (word) {
      case "and" -> {
        if (!NumberWords.MULTIPLIERS.containsKey(before)) {
          flush();
          write(word);
        }
        yield false;
      }
      case "point" -> {
        if (NumberWords.DECIMALS.contains(next) || isNumber(next)) {
          set(begun() + ".");
        }
        yield false;
      }
      default -> repeat(word, next);
    };
  }

  private boolean readPercent(String word, String next) {
    if (!isOpen()) {
      write(word);
    } else if (word.equals("percent")) {
      write(shown() + "%");
    } else if (next.equals("cent")) {
      write(shown() + "%");
      return true;
    } else {
      flush();
      write(word);
    }
    return false;
  }

  /** Double or triple: the next digit more than once. */
  private boolean repeat(String word, String next) {
    if (!isOne(next) && !NumberWords.ZEROS.contains(next)) {
      flush();
      write(word);
      return false;
    }
    String one = NumberWords.ONES.getOrDefault(next, BigInteger.ZERO).toString();
    set(begun() + one.repeat(word.equals("double") ? 2 : 3));
    return true;
  }
}
