// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/** The functions, which are written in lower case. */
enum BuiltInFunction {
  SQRT(1),
  FLOOR(1),
  MIN(2),
  MAX(2),
  ABS(1),
  LOG(1),
  AT(2),
  CONTAINS(2),
  LENGTH(1),
  NUMBER(1);

  private final int argumentCount;

  BuiltInFunction(int argumentCount) {
    this.argumentCount = argumentCount;
  }

  int argumentCount() {
    return argumentCount;
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  static Optional<BuiltInFunction> find(String word) {
    return Arrays.stream(values()).filter(function -> function.word().equals(word)).findFirst();
  }

  /** All of them, for messages. */
  static String words() {
    return Arrays.stream(values()).map(BuiltInFunction::word).collect(Collectors.joining(", "));
  }
}
