// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.pretokenizer;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.normalizer.NormalizedText;
import io.github.quant4j.text.regex.SpanConsumer;
import io.github.quant4j.text.regex.TextPattern;
import io.github.quant4j.text.unicode.ByteAlphabet;
import io.github.quant4j.text.unicode.CharacterClasses;
import java.util.List;
import java.util.function.IntPredicate;

/** Reads pre-tokenizers from tokenizer files. */
public final class PreTokenizers {
  /** The pattern of GPT-2 (Radford et al. 2019). */
  private static final TextPattern GPT2 =
      TextPattern.regex(
          "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+");

  private PreTokenizers() {}

  /**
   * Reads a pre-tokenizer.
   *
   * @param section its section
   * @return the pre-tokenizer
   * @throws IllegalArgumentException if it is malformed, or of a type that is not supported
   */
  public static PreTokenizer read(Section section) {
    String type = section.string("type");
    return switch (type) {
      case "Sequence" ->
          sequence(section.sections("pretokenizers").stream().map(PreTokenizers::read).toList());
      case "ByteLevel" ->
          byteLevel(section.flag("add_prefix_space"), section.flag("use_regex", true));
      case "Split" ->
          split(TextPattern.read(section), SplitBehavior.read(section), section.flag("invert"));
      case "Metaspace" -> metaspace(section);
      case "Digits" ->
          characters(
              CharacterClasses::isNumeric,
              section.flag("individual_digits")
                  ? SplitBehavior.ISOLATED
                  : SplitBehavior.CONTIGUOUS);
      case "Punctuation" ->
          characters(
              CharacterClasses::isPunctuation,
              section.get("behavior").isPresent()
                  ? SplitBehavior.read(section)
                  : SplitBehavior.ISOLATED);
      case "BertPreTokenizer" ->
          sequence(
              List.of(
                  characters(CharacterClasses::isWhiteSpace, SplitBehavior.REMOVED),
                  characters(CharacterClasses::isPunctuation, SplitBehavior.ISOLATED)));
      case "WhitespaceSplit" -> characters(CharacterClasses::isWhiteSpace, SplitBehavior.REMOVED);
      case "Whitespace" -> PreTokenizers::words;
      case "CharDelimiterSplit" -> {
        int delimiter = section.character("delimiter");
        yield characters(codePoint -> codePoint == delimiter, SplitBehavior.REMOVED);
      }
      default ->
          throw section.error(
              "type",
              "the pre-tokenizer '"
                  + type
                  + "' is not supported; supported are Sequence, ByteLevel, Split, Metaspace,"
                  + " Digits, Punctuation, Whitespace, WhitespaceSplit, CharDelimiterSplit and BertPreTokenizer");
    };
  }

  private static PreTokenizer sequence(List<PreTokenizer> steps) {
    return (piece, out) -> {
      PieceConsumer chain = out;
      for (PreTokenizer step : steps.reversed()) {
        PieceConsumer next = chain;
        chain = part -> step.split(part, next);
      }
      chain.accept(piece);
    };
  }

  private static PreTokenizer byteLevel(boolean addPrefixSpace, boolean useRegex) {
    return (piece, out) -> {
      NormalizedText text =
          addPrefixSpace && !piece.text().startsWith(" ") ? piece.prepend(" ") : piece;
      PieceConsumer speller = part -> out.accept(spell(part));
      if (useRegex) {
        spans(GPT2, text, SplitBehavior.ISOLATED, false, speller);
      } else {
        speller.accept(text);
      }
    };
  }

  private static NormalizedText spell(NormalizedText part) {
    int head =
        part.startsText() ? ByteAlphabet.spell(part.text().substring(0, part.head())).length() : 0;
    return new NormalizedText(ByteAlphabet.spell(part.text()), head);
  }

  private static PreTokenizer split(TextPattern pattern, SplitBehavior behavior, boolean invert) {
    return (piece, out) -> spans(pattern, piece, behavior, invert, out);
  }

  private static void spans(
      TextPattern pattern,
      NormalizedText text,
      SplitBehavior behavior,
      boolean invert,
      PieceConsumer out) {
    SplitBehavior.Splitter splitter = behavior.splitter(text, out);
    SpanConsumer consumer =
        invert ? (start, end, match) -> splitter.accept(start, end, !match) : splitter;
    pattern.spans(text.text(), consumer);
    splitter.finish();
  }

  private static PreTokenizer metaspace(Section section) {
    MetaspaceOptions options = MetaspaceOptions.read(section);
    String replacement = Character.toString(options.replacement());
    boolean split = section.flag("split", true);
    PreTokenizer splitter =
        characters(codePoint -> codePoint == options.replacement(), SplitBehavior.MERGED_WITH_NEXT);
    return (piece, out) -> {
      NormalizedText text = replaceSpaces(piece, replacement);
      boolean prepend =
          switch (options.scheme()) {
            case ALWAYS -> true;
            case FIRST -> piece.startsText();
            case NEVER -> false;
          };
      if (prepend && !text.text().startsWith(replacement)) {
        text = text.prepend(replacement);
      }
      if (split) {
        splitter.split(text, out);
      } else {
        out.accept(text);
      }
    };
  }

  private static NormalizedText replaceSpaces(NormalizedText piece, String replacement) {
    if (piece.text().indexOf(' ') < 0) {
      return piece;
    }
    return new NormalizedText(
        piece.text().replace(" ", replacement),
        piece.text().substring(0, piece.head()).replace(" ", replacement).length());
  }

  private static PreTokenizer characters(IntPredicate delimiter, SplitBehavior behavior) {
    return (piece, out) -> {
      SplitBehavior.Splitter splitter = behavior.splitter(piece, out);
      String text = piece.text();
      int done = 0;
      for (int i = 0; i < text.length(); ) {
        int codePoint = text.codePointAt(i);
        int next = i + Character.charCount(codePoint);
        if (delimiter.test(codePoint)) {
          if (i > done) {
            splitter.accept(done, i, false);
          }
          splitter.accept(i, next, true);
          done = next;
        }
        i = next;
      }
      if (done < text.length()) {
        splitter.accept(done, text.length(), false);
      }
      splitter.finish();
    };
  }

  /** Runs of word characters and runs of what is neither word nor white space. */
  private static void words(NormalizedText piece, PieceConsumer out) {
    String text = piece.text();
    int start = 0;
    int kind = 0;
    for (int i = 0; i <= text.length(); ) {
      int codePoint = i < text.length() ? text.codePointAt(i) : ' ';
      int next =
          CharacterClasses.isWhiteSpace(codePoint) ? 0 : CharacterClasses.isWord(codePoint) ? 1 : 2;
      if (next != kind || i == text.length()) {
        if (kind != 0) {
          out.accept(piece.slice(start, i));
        }
        start = i;
        kind = next;
      }
      i += Character.charCount(codePoint);
    }
  }
}
