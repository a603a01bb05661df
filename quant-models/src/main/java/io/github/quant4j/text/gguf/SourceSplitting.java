// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

import io.github.quant4j.text.file.Section;
import java.util.ArrayList;
import java.util.List;

/**
 * The pre-tokenizer of a tokenizer file as a list of expressions that isolate their matches.
 *
 * @param expressions the expressions in order
 * @param splitsSpelledNumbers whether it looks for numbers where bytes are already spelled as
 *     characters, some of which are numbers
 */
record SourceSplitting(List<String> expressions, boolean splitsSpelledNumbers) {
  static final String GPT2 =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
  static final String PUNCTUATION = "{punctuation}";

  /**
   * Reads a pre-tokenizer.
   *
   * @param section its section
   * @throws IllegalArgumentException if it does what no pre-tokenizer of llama.cpp does
   */
  static SourceSplitting read(Section section) {
    List<String> expressions = new ArrayList<>();
    int[] beforeSpelling = {-1};
    add(section, expressions, beforeSpelling);
    int from = beforeSpelling[0] < 0 ? expressions.size() : beforeSpelling[0];
    return new SourceSplitting(
        List.copyOf(expressions),
        expressions.subList(from, expressions.size()).stream()
            .anyMatch(expression -> expression.contains("\\p{N}")));
  }

  /** Appends expressions; tells how many there are when bytes have been spelled. */
  private static void add(Section section, List<String> expressions, int[] beforeSpelling) {
    String type = section.string("type");
    switch (type) {
      case "Sequence" -> {
        for (Section step : section.sections("pretokenizers")) {
          add(step, expressions, beforeSpelling);
        }
      }
      case "ByteLevel" -> {
        if (section.flag("add_prefix_space")) {
          throw section.error(
              "add_prefix_space", "true, which has no counterpart in a GGUF file of byte pairs");
        }
        if (section.flag("use_regex", true)) {
          expressions.add(GPT2);
        }
        beforeSpelling[0] = expressions.size();
      }
      case "Split" -> expressions.add(split(section));
      case "Digits" -> expressions.add(section.flag("individual_digits") ? "\\p{N}" : "\\p{N}+");
      case "Punctuation" -> expressions.add(PUNCTUATION);
      default ->
          throw section.error(
              "type", "the pre-tokenizer '" + type + "' has no counterpart in a GGUF file");
    }
  }

  private static String split(Section section) {
    String behavior = section.string("behavior");
    boolean invert = section.flag("invert");
    // To drop all but matches is to isolate them, since these expressions match everything.
    if (!(invert ? behavior.equals("Removed") : behavior.equals("Isolated"))) {
      throw section.error(
          "behavior",
          "'"
              + behavior
              + "'"
              + (invert ? ", inverted," : "")
              + " has no counterpart in a GGUF file");
    }
    Section pattern = section.section("pattern");
    return pattern.optionalString("Regex").orElseGet(() -> quote(pattern.string("String")));
  }

  private static String quote(String text) {
    StringBuilder quoted = new StringBuilder();
    text.codePoints()
        .forEach(
            character -> {
              if (character < 0x80 && !Character.isLetterOrDigit(character) && character > ' ') {
                quoted.append('\\');
              }
              quoted.appendCodePoint(character);
            });
    return quoted.toString();
  }
}
