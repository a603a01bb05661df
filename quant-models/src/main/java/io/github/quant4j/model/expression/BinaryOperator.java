// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

/** The operators that stand between their operands. */
enum BinaryOperator {
  COALESCE("??", 0),
  OR("||", 1),
  AND("&&", 2),
  EQUAL("==", 3),
  NOT_EQUAL("!=", 3),
  LESS("<", 4),
  LESS_OR_EQUAL("<=", 4),
  GREATER(">", 4),
  GREATER_OR_EQUAL(">=", 4),
  ADD("+", 5),
  SUBTRACT("-", 5),
  MULTIPLY("*", 6),
  DIVIDE("/", 6),
  REMAINDER("%", 6);

  /** How many levels of precedence there are. */
  static final int LEVELS = 7;

  private final String symbol;
  private final int level;

  BinaryOperator(String symbol, int level) {
    this.symbol = symbol;
    this.level = level;
  }

  String symbol() {
    return symbol;
  }

  /** The precedence: 0 binds least. */
  int level() {
    return level;
  }

  /** Whether the result may be an operand of an operator of the same level. */
  boolean chains() {
    return switch (this) {
      case EQUAL, NOT_EQUAL, LESS, LESS_OR_EQUAL, GREATER, GREATER_OR_EQUAL -> false;
      case COALESCE, OR, AND, ADD, SUBTRACT, MULTIPLY, DIVIDE, REMAINDER -> true;
    };
  }
}
