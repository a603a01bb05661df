// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.io.gguf;

import io.github.quant4j.io.TensorFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a file says of the parts that a model is split into.
 *
 * @param number which part this is, from 0
 * @param count how many parts there are
 * @param tensors how many tensors all parts have together
 */
record GgufSplit(int number, int count, int tensors) {
  static final String NUMBER_KEY = "split.no";
  static final String COUNT_KEY = "split.count";
  static final String TENSORS_KEY = "split.tensors.count";

  /** Names have five digits. */
  static final int MOST_PARTS = 99_999;

  /** How the names of files end. */
  static final String EXTENSION = ".gguf";

  private static final Pattern PART =
      Pattern.compile(".*-(\\d{5})-of-\\d{5}" + Pattern.quote(EXTENSION));

  /**
   * Reads what a file says.
   *
   * @return empty if the file is a model by itself
   * @throws TensorFileException if the numbers are missing or out of range
   */
  static Optional<GgufSplit> of(Path path, GgufMetadata metadata) throws TensorFileException {
    try {
      int count = metadata.getInt(COUNT_KEY).orElse(1);
      if (count < 0 || count > MOST_PARTS) {
        throw new IllegalArgumentException(
            "metadata '" + COUNT_KEY + "': " + count + ", expected 1 to " + MOST_PARTS);
      }
      if (count <= 1) {
        return Optional.empty();
      }
      int number = required(metadata, NUMBER_KEY);
      if (number < 0 || number >= count) {
        throw new IllegalArgumentException(
            "metadata '" + NUMBER_KEY + "': " + number + ", expected 0 to " + (count - 1));
      }
      return Optional.of(new GgufSplit(number, count, required(metadata, TENSORS_KEY)));
    } catch (IllegalArgumentException e) {
      throw new TensorFileException(path, e);
    }
  }

  private static int required(GgufMetadata metadata, String key) {
    return metadata
        .getInt(key)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "metadata '" + key + "' is missing, expected a number beside " + COUNT_KEY));
  }

  /** Whether a file is named as parts are, but for the first. */
  static boolean isLaterPart(Path path) {
    Matcher part = PART.matcher(String.valueOf(path.getFileName()));
    return part.matches() && !part.group(1).equals("00001");
  }

  /** What follows the prefix in the name of a part. */
  static String suffix(int number, int count) {
    return String.format(Locale.ROOT, "-%05d-of-%05d" + EXTENSION, number + 1, count);
  }

  /**
   * The file of another part, beside that of this part.
   *
   * @throws TensorFileException if this part's file is not named as parts are
   */
  Path part(Path path, int other) throws TensorFileException {
    String name = String.valueOf(path.getFileName());
    String suffix = suffix(number, count);
    if (!name.endsWith(suffix)) {
      throw new TensorFileException(
          path,
          "part "
              + (number + 1)
              + " of "
              + count
              + " of a split model, expected a name that ends in "
              + suffix
              + " so that the other parts can be found");
    }
    String prefix = name.substring(0, name.length() - suffix.length());
    return path.resolveSibling(prefix + suffix(other, count));
  }

  /** The name of a part, given that of the whole: its extension gives way to the numbers. */
  static Path partOf(Path whole, int number, int count) {
    String name = String.valueOf(whole.getFileName());
    String prefix =
        name.endsWith(EXTENSION) ? name.substring(0, name.length() - EXTENSION.length()) : name;
    return whole.resolveSibling(prefix + suffix(number, count));
  }
}
