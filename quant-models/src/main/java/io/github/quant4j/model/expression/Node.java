// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import io.github.quant4j.json.JsonValue;
import java.util.List;

/** The tree of an expression. */
sealed interface Node {
  /** Where the node stands. */
  Part part();

  /**
   * A part of the text.
   *
   * @param start of its first character
   * @param end behind its last one
   * @param height how many nodes stand one within the other there
   */
  record Part(int start, int end, int height) {
    String of(String text) {
      return text.substring(start, end);
    }
  }

  /** A number, a text, true, false or null. */
  record Literal(Part part, JsonValue value) implements Node {}

  /** An identifier that is looked up in the scope. */
  record Name(Part part, String name) implements Node {}

  /** A list in brackets. */
  record ListOf(Part part, List<Node> elements) implements Node {
    public ListOf {
      elements = List.copyOf(elements);
    }
  }

  /** An operator before its operand. */
  record Unary(Part part, UnaryOperator operator, Node operand) implements Node {}

  /** An operator between its operands. */
  record Binary(Part part, BinaryOperator operator, Node left, Node right) implements Node {}

  /** A choice. */
  record Conditional(Part part, Node condition, Node then, Node otherwise) implements Node {}

  /** An element of a list. */
  record Index(Part part, Node list, Node index) implements Node {}

  /** A member of an object. */
  record Member(Part part, Node object, String name) implements Node {}

  /** A function of as many arguments as it takes. */
  record Call(Part part, BuiltInFunction function, List<Node> arguments) implements Node {
    public Call {
      arguments = List.copyOf(arguments);
    }
  }
}
