// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.unicode;

import java.text.Normalizer;

/**
 * The normalization forms of Unicode Standard Annex 15 with the data of Unicode 9.0, to which later
 * versions add but which they never change.
 */
public enum NormalizationForm {
  /** Canonical composition. */
  NFC(Normalizer.Form.NFC),
  /** Canonical decomposition. */
  NFD(Normalizer.Form.NFD),
  /** Compatibility composition. */
  NFKC(Normalizer.Form.NFKC),
  /** Compatibility decomposition. */
  NFKD(Normalizer.Form.NFKD);

  private final Normalizer.Form form;

  NormalizationForm(Normalizer.Form form) {
    this.form = form;
  }

  /**
   * Normalizes a text.
   *
   * @param text well-formed UTF-16
   * @return its normalized form
   */
  public String normalize(String text) {
    int length = text.length();
    int done = 0;
    StringBuilder out = null;
    for (int i = 0; i < length; ) {
      int codePoint = text.codePointAt(i);
      int next = i + Character.charCount(codePoint);
      // What is inert neither combines nor is reordered, so the text falls apart there.
      if (codePoint >= UnicodeGaps.INERT_IN_NORMALIZATION.first()
          && UnicodeGaps.INERT_IN_NORMALIZATION.contains(codePoint)) {
        if (out == null) {
          out = new StringBuilder(length + 16);
        }
        out.append(Normalizer.normalize(text.substring(done, i), form)).appendCodePoint(codePoint);
        done = next;
      }
      i = next;
    }
    if (out == null) {
      return Normalizer.normalize(text, form);
    }
    return out.append(Normalizer.normalize(text.substring(done), form)).toString();
  }
}
