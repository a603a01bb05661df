// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.examples.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.TypeConversionException;

/** How the words of the command line become numbers and paths, and what is said if one does not. */
final class Conversions {
  private static final Pattern WHOLE = Pattern.compile("[+-]?[0-9]+");
  private static final Pattern DECIMAL =
      Pattern.compile("[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?");

  private static final Pattern SIZE = Pattern.compile("([0-9]{1,9})([kKmMgG]?)");

  private Conversions() {}

  static void register(CommandLine line) {
    line.registerConverter(
        int.class, word -> (int) whole(word, Integer.MIN_VALUE, Integer.MAX_VALUE));
    line.registerConverter(
        Integer.class, word -> (int) whole(word, Integer.MIN_VALUE, Integer.MAX_VALUE));
    line.registerConverter(long.class, word -> whole(word, Long.MIN_VALUE, Long.MAX_VALUE));
    line.registerConverter(Long.class, word -> whole(word, Long.MIN_VALUE, Long.MAX_VALUE));
    line.registerConverter(double.class, Conversions::decimal);
    line.registerConverter(Double.class, Conversions::decimal);
    line.registerConverter(Path.class, Conversions::path);
  }

  private static long whole(String word, long least, long most) {
    if (!WHOLE.matcher(word).matches()) {
      throw new TypeConversionException("'" + word + "', expected a whole number");
    }
    try {
      long value = Long.parseLong(word);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException _) {
      // Its digits are right, so it is too large for a long.
    }
    throw new TypeConversionException(
        word
            + (word.startsWith("-")
                ? ", expected at least " + least
                : ", expected at most " + most));
  }

  private static double decimal(String word) {
    if (!DECIMAL.matcher(word).matches()) {
      throw new TypeConversionException("'" + word + "', expected a number");
    }
    return Double.parseDouble(word);
  }

  /**
   * A path of the file system.
   *
   * @throws TypeConversionException if the word is not one
   */
  static Path path(String word) {
    if (word.isEmpty()) {
      throw new TypeConversionException("'', expected a path");
    }
    try {
      return Path.of(word);
    } catch (InvalidPathException e) {
      throw new TypeConversionException("'" + word + "' " + problem(e));
    }
  }

  /**
   * A path that an option names among other things.
   *
   * @throws UsageException if the word is not one
   */
  static Path path(String option, String word) {
    try {
      return path(word);
    } catch (TypeConversionException e) {
      throw new UsageException(option + ": " + e.getMessage());
    }
  }

  /**
   * A number of bytes, with K, M or G behind it for thousands, millions or billions.
   *
   * @throws UsageException if the word is not one, or less than 1
   */
  static long size(String option, String word) {
    Matcher size = SIZE.matcher(word);
    if (size.matches()) {
      long unit =
          switch (size.group(2).toUpperCase(Locale.ROOT)) {
            case "K" -> 1_000;
            case "M" -> 1_000_000;
            case "G" -> 1_000_000_000;
            default -> 1;
          };
      long bytes = Long.parseLong(size.group(1)) * unit;
      if (bytes > 0) {
        return bytes;
      }
    }
    throw new UsageException(
        option + ": '" + word + "', expected a number of bytes such as 4G or 500M");
  }

  /** What keeps a text from being a path. */
  static String problem(InvalidPathException e) {
    return e.getInput().indexOf('\0') >= 0
        ? "holds a character of code 0, expected a path"
        : "has characters that file names cannot have in the locale's encoding, "
            + System.getProperty("sun.jnu.encoding")
            + "; expected a path in a UTF-8 locale, such as LC_ALL=C.UTF-8";
  }
}
