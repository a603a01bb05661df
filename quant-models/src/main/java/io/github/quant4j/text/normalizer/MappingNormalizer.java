// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.normalizer;

import io.github.quant4j.text.unicode.CharacterClasses;

/** Normalizers that look at one character at a time. */
final class MappingNormalizer implements Normalizer {
  /** Lowercases by the full mapping that depends on no context: only U+0130 becomes longer. */
  static final Normalizer LOWERCASE =
      new MappingNormalizer(
          (codePoint, out) -> {
            if (codePoint == 0x130) {
              out.append("i\u0307");
            } else {
              out.appendCodePoint(Character.toLowerCase(codePoint));
            }
          });

  /** Removes combining marks. */
  static final Normalizer STRIP_ACCENTS =
      new MappingNormalizer(
          (codePoint, out) -> {
            if (!CharacterClasses.isMark(codePoint)) {
              out.appendCodePoint(codePoint);
            }
          });

  /** The rules of the NMT task of SentencePiece: control characters go, spaces become plain. */
  static final Normalizer NMT =
      new MappingNormalizer(
          (codePoint, out) -> {
            switch (codePoint) {
              case 0x0B, 0x7F, 0x8F, 0x9F -> {}
              case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD ->
                  out.append(' ');
              default -> {
                if (codePoint >= 0x200B && codePoint <= 0x200F) {
                  out.append(' ');
                } else if (codePoint == 0 || codePoint >= ' ') {
                  out.appendCodePoint(codePoint);
                }
              }
            }
          });

  /** What becomes of a character. */
  interface Mapping {
    void map(int codePoint, StringBuilder out);
  }

  private final Mapping mapping;

  MappingNormalizer(Mapping mapping) {
    this.mapping = mapping;
  }

  @Override
  public NormalizedText normalize(NormalizedText text) {
    String from = text.text();
    StringBuilder out = new StringBuilder(from.length() + 8);
    int head = 0;
    for (int i = 0; i < from.length(); ) {
      int codePoint = from.codePointAt(i);
      mapping.map(codePoint, out);
      i += Character.charCount(codePoint);
      if (i <= text.head()) {
        head = out.length();
      }
    }
    return new NormalizedText(out.toString(), head);
  }
}
