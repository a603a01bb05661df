// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

/** The operators that stand before their operand. */
enum UnaryOperator {
  NEGATE("-"),
  NOT("!");

  private final String symbol;

  UnaryOperator(String symbol) {
    this.symbol = symbol;
  }

  String symbol() {
    return symbol;
  }
}
