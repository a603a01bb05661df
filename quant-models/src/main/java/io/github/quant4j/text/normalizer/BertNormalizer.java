// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.normalizer;

import io.github.quant4j.text.file.Section;
import io.github.quant4j.text.unicode.CharacterClasses;
import io.github.quant4j.text.unicode.NormalizationForm;
import java.util.ArrayList;
import java.util.List;

/** The normalizer of BERT: up to four steps, each of which can be left out. */
final class BertNormalizer {
  /** Removes control characters, and makes all white space plain spaces. */
  private static final Normalizer CLEAN =
      new MappingNormalizer(
          (codePoint, out) -> {
            if (CharacterClasses.isWhiteSpace(codePoint)) {
              // Three of the white space are control characters that stay; the others go.
              if (codePoint >= ' ' && codePoint != 0x85
                  || codePoint == '\t'
                  || isBreak(codePoint)) {
                out.append(' ');
              }
            } else if (codePoint != 0xFFFD && !CharacterClasses.isOther(codePoint)) {
              out.appendCodePoint(codePoint);
            }
          });

  /** Puts spaces around ideographs, so that each becomes a word. */
  private static final Normalizer SPACE_IDEOGRAPHS =
      new MappingNormalizer(
          (codePoint, out) -> {
            if (isIdeograph(codePoint)) {
              out.append(' ').appendCodePoint(codePoint).append(' ');
            } else {
              out.appendCodePoint(codePoint);
            }
          });

  private static final Normalizer STRIP_NON_SPACING =
      new MappingNormalizer(
          (codePoint, out) -> {
            if (!CharacterClasses.isNonSpacingMark(codePoint)) {
              out.appendCodePoint(codePoint);
            }
          });

  private BertNormalizer() {}

  static Normalizer read(Section section) {
    boolean lowercase = section.flag("lowercase", true);
    List<Normalizer> steps = new ArrayList<>();
    if (section.flag("clean_text", true)) {
      steps.add(CLEAN);
    }
    if (section.flag("handle_chinese_chars", true)) {
      steps.add(SPACE_IDEOGRAPHS);
    }
    if (section.flag("strip_accents", lowercase)) {
      steps.add(Normalizers.unicode(NormalizationForm.NFD));
      steps.add(STRIP_NON_SPACING);
    }
    if (lowercase) {
      steps.add(MappingNormalizer.LOWERCASE);
    }
    return Normalizers.sequence(steps);
  }

  private static boolean isBreak(int codePoint) {
    return codePoint == '\n' || codePoint == '\r';
  }

  private static boolean isIdeograph(int codePoint) {
    return codePoint >= 0x4E00 && codePoint <= 0x9FFF
        || codePoint >= 0x3400 && codePoint <= 0x4DBF
        || codePoint >= 0x20000 && codePoint <= 0x2A6DF
        || codePoint >= 0x2A700 && codePoint <= 0x2B73F
        || codePoint >= 0x2B740 && codePoint <= 0x2B81F
        // The implementation whose ids count starts this block here, not at U+2B820.
        || codePoint >= 0x2B920 && codePoint <= 0x2CEAF
        || codePoint >= 0xF900 && codePoint <= 0xFAFF
        || codePoint >= 0x2F800 && codePoint <= 0x2FA1F;
  }
}
