// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.normalizer;

/**
 * A part of a text on its way to the model. Of its alignment with the original only one thing can
 * change ids: whether it begins where the original begins, since some pre-tokenizers put a prefix
 * only there.
 *
 * @param text well-formed UTF-16
 * @param head how many UTF-16 units at the front stem from the very first character of the
 *     original; 0 if the part begins later
 */
public record NormalizedText(String text, int head) {

  /**
   * A whole text.
   *
   * @param text well-formed UTF-16
   * @return the part that is all of it
   */
  public static NormalizedText whole(String text) {
    return new NormalizedText(text, text.isEmpty() ? 0 : Character.charCount(text.codePointAt(0)));
  }

  /**
   * Whether the part begins where the original begins.
   *
   * @return true if so
   */
  public boolean startsText() {
    return head > 0;
  }

  /**
   * A part of this part.
   *
   * @param start first unit
   * @param end the unit after the last
   * @return the part
   */
  public NormalizedText slice(int start, int end) {
    return start == 0 && end == text.length()
        ? this
        : new NormalizedText(text.substring(start, end), Math.max(0, Math.min(end, head) - start));
  }

  /**
   * The same with something put before it, which shares the place of the first character.
   *
   * @param prefix what to put before it
   * @return this if it is empty, the longer text otherwise
   */
  public NormalizedText prepend(String prefix) {
    return text.isEmpty()
        ? this
        : new NormalizedText(prefix + text, head > 0 ? head + prefix.length() : 0);
  }
}
