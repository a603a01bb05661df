// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.normalizer;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.regex.TextPattern;
import io.github.quant4j.text.unicode.ByteAlphabet;
import io.github.quant4j.text.unicode.CharacterClasses;
import io.github.quant4j.text.unicode.NormalizationForm;
import java.util.List;

/** Reads normalizers from tokenizer files. */
public final class Normalizers {
  private Normalizers() {}

  /**
   * Reads a normalizer.
   *
   * @param section its section
   * @return the normalizer
   * @throws IllegalArgumentException if it is malformed, or of a type that is not supported
   */
  public static Normalizer read(Section section) {
    String type = section.string("type");
    return switch (type) {
      case "Sequence" ->
          sequence(section.sections("normalizers").stream().map(Normalizers::read).toList());
      case "Prepend" -> {
        String prefix = section.string("prepend");
        yield text -> text.prepend(prefix);
      }
      case "Replace" -> new ReplaceNormalizer(TextPattern.read(section), section.string("content"));
      case "NFC" -> unicode(NormalizationForm.NFC);
      case "NFD" -> unicode(NormalizationForm.NFD);
      case "NFKC" -> unicode(NormalizationForm.NFKC);
      case "NFKD" -> unicode(NormalizationForm.NFKD);
      case "Lowercase" -> MappingNormalizer.LOWERCASE;
      case "StripAccents" -> MappingNormalizer.STRIP_ACCENTS;
      case "Nmt" -> MappingNormalizer.NMT;
      case "Strip" -> strip(section.flag("strip_left"), section.flag("strip_right"));
      case "ByteLevel" -> Normalizers::spellBytes;
      case "BertNormalizer" -> BertNormalizer.read(section);
      default ->
          throw section.error(
              "type",
              "the normalizer '"
                  + type
                  + "' is not supported; supported are Sequence, Prepend, Replace, NFC, NFD, NFKC,"
                  + " NFKD, Lowercase, Strip, StripAccents, Nmt, ByteLevel and BertNormalizer");
    };
  }

  static Normalizer sequence(List<Normalizer> steps) {
    return text -> {
      NormalizedText result = text;
      for (Normalizer step : steps) {
        result = step.normalize(result);
      }
      return result;
    };
  }

  static Normalizer unicode(NormalizationForm form) {
    return text -> {
      String normalized = form.normalize(text.text());
      if (normalized.equals(text.text())) {
        return text;
      }
      int head = form.normalize(text.text().substring(0, text.head())).length();
      return new NormalizedText(normalized, Math.min(head, normalized.length()));
    };
  }

  private static Normalizer strip(boolean left, boolean right) {
    return text -> {
      String from = text.text();
      int start = 0;
      int end = from.length();
      // No white space lies beyond the basic plane, so units will do.
      while (left && start < end && CharacterClasses.isWhiteSpace(from.charAt(start))) {
        start++;
      }
      while (right && start < end && CharacterClasses.isWhiteSpace(from.charAt(end - 1))) {
        end--;
      }
      return text.slice(start, end);
    };
  }

  private static NormalizedText spellBytes(NormalizedText text) {
    return new NormalizedText(
        ByteAlphabet.spell(text.text()),
        ByteAlphabet.spell(text.text().substring(0, text.head())).length());
  }
}
