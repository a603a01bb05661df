// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.added;

import io.github.quant4j.text.file.Section;

/**
 * A token that is found in a text as it stands.
 *
 * @param content its text
 * @param singleWord whether it must not touch other word characters
 * @param stripLeft whether it takes the white space on its left with it
 * @param stripRight whether it takes the white space on its right with it
 * @param normalized whether its normalized form is looked for in the normalized text
 * @param special whether decoding may leave it out
 */
record AddedToken(
    String content,
    boolean singleWord,
    boolean stripLeft,
    boolean stripRight,
    boolean normalized,
    boolean special) {

  static AddedToken read(Section section) {
    return new AddedToken(
        section.string("content"),
        section.flag("single_word"),
        section.flag("lstrip"),
        section.flag("rstrip"),
        section.flag("normalized"),
        section.flag("special"));
  }
}
