// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.text.gguf;

/** What kind of token one is. */
enum TokenType {
  UNDEFINED(0),
  NORMAL(1),
  UNKNOWN(2),
  CONTROL(3),
  USER_DEFINED(4),
  UNUSED(5),
  BYTE(6);

  private final int code;

  TokenType(int code) {
    this.code = code;
  }

  /** What the file format calls it. */
  int code() {
    return code;
  }

  /** Whether a token of this type is found in a text as it stands, before anything else happens. */
  boolean isFoundWhole() {
    return this == UNKNOWN || this == CONTROL || this == USER_DEFINED;
  }

  /** Whether decoding may leave a token of this type out. */
  boolean isSpecial() {
    return this == UNKNOWN || this == CONTROL;
  }
}
