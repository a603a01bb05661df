// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

/** What kind of token one is. The ordinals are those of the file format. */
enum TokenType {
  UNDEFINED,
  NORMAL,
  UNKNOWN,
  CONTROL,
  USER_DEFINED,
  UNUSED,
  BYTE;

  /** Whether a token of this type is found in a text as it stands, before anything else happens. */
  boolean isFoundWhole() {
    return this == UNKNOWN || this == CONTROL || this == USER_DEFINED;
  }

  /** Whether decoding may leave a token of this type out. */
  boolean isSpecial() {
    return this == UNKNOWN || this == CONTROL;
  }
}
