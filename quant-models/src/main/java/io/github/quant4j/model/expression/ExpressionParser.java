// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import io.github.quant4j.grammar.Phrase;
import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Parses one expression by recursive descent. */
final class ExpressionParser {
  private static final int MAXIMUM_DEPTH = 100;
  private static final String VALUE = "a value";

  private final TokenReader tokens;
  private final Set<String> names = new LinkedHashSet<>();
  private int depth;

  ExpressionParser(String text) {
    this.tokens = new TokenReader(text);
  }

  Node parse() {
    Node root = conditional();
    if (tokens.peek().kind() != Token.Kind.END) {
      throw tokens.unexpected("an operator or the end");
    }
    return root;
  }

  /** The identifiers so far, in order. */
  Set<String> names() {
    return names;
  }

  private Node conditional() {
    int start = tokens.peek().start();
    Node condition = binary(0);
    if (!tokens.skip("?")) {
      return condition;
    }
    Node then = deeper(this::conditional);
    tokens.expect(":");
    Node otherwise = deeper(this::conditional);
    return new Node.Conditional(
        part(start, List.of(condition, then, otherwise)), condition, then, otherwise);
  }

  private Node binary(int level) {
    if (level == BinaryOperator.LEVELS) {
      return unary();
    }
    int start = tokens.peek().start();
    Node left = binary(level + 1);
    BinaryOperator operator = operator(level);
    while (operator != null) {
      tokens.next();
      Node right = binary(level + 1);
      left = new Node.Binary(part(start, List.of(left, right)), operator, left, right);
      BinaryOperator following = operator(level);
      if (following != null && !operator.chains()) {
        throw tokens.error(
            tokens.peek(), "comparisons do not chain; expected parentheses around one of them");
      }
      operator = following;
    }
    return left;
  }

  /** The next word if it is an operator of a level. */
  private @Nullable BinaryOperator operator(int level) {
    for (BinaryOperator operator : BinaryOperator.values()) {
      if (operator.level() == level && tokens.peek().isSymbol(operator.symbol())) {
        return operator;
      }
    }
    return null;
  }

  private Node unary() {
    int start = tokens.peek().start();
    for (UnaryOperator operator : UnaryOperator.values()) {
      if (tokens.skip(operator.symbol())) {
        Node operand = deeper(this::unary);
        return new Node.Unary(part(start, List.of(operand)), operator, operand);
      }
    }
    return postfix();
  }

  private Node postfix() {
    int start = tokens.peek().start();
    Node node = primary();
    while (true) {
      if (tokens.skip("[")) {
        Node index = deeper(this::conditional);
        tokens.expect("]");
        node = new Node.Index(part(start, List.of(node, index)), node, index);
      } else if (tokens.skip(".")) {
        if (tokens.peek().kind() != Token.Kind.NAME) {
          throw tokens.unexpected("the name of a member");
        }
        String name = tokens.next().text();
        node = new Node.Member(part(start, List.of(node)), node, name);
      } else {
        return node;
      }
    }
  }

  private Node primary() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case NUMBER -> literal(number(token));
      case TEXT -> literal(new JsonValue.Str(token.text().substring(1, token.text().length() - 1)));
      case NAME -> word();
      case SYMBOL -> bracketed();
      case END -> throw tokens.unexpected(VALUE);
    };
  }

  private Node bracketed() {
    int start = tokens.peek().start();
    if (tokens.skip("(")) {
      Node inside = deeper(this::conditional);
      tokens.expect(")");
      return inside;
    }
    if (tokens.skip("[")) {
      List<Node> elements = until("]");
      return new Node.ListOf(part(start, elements), elements);
    }
    throw tokens.unexpected(VALUE);
  }

  private Node word() {
    return switch (tokens.peek().text()) {
      case "true" -> literal(new JsonValue.Bool(true));
      case "false" -> literal(new JsonValue.Bool(false));
      case "null" -> literal(new JsonValue.Null());
      default -> {
        Token name = tokens.next();
        if (tokens.skip("(")) {
          yield call(name);
        }
        names.add(name.text());
        yield new Node.Name(part(name.start(), List.of()), name.text());
      }
    };
  }

  private Node call(Token name) {
    Optional<BuiltInFunction> function = BuiltInFunction.find(name.text());
    if (function.isEmpty()) {
      throw tokens.error(
          name,
          Phrase.quoted(name.text())
              + " is not a function, expected one of "
              + BuiltInFunction.words());
    }
    int count = function.get().argumentCount();
    List<Node> arguments = until(")");
    if (arguments.size() != count) {
      throw tokens.error(
          name,
          Phrase.quoted(name.text())
              + (count == 1 ? ": expected 1 argument" : ": expected " + count + " arguments")
              + ", found "
              + arguments.size());
    }
    return new Node.Call(part(name.start(), arguments), function.get(), arguments);
  }

  /** Any number of expressions between commas, and what closes them. */
  private List<Node> until(String close) {
    List<Node> nodes = new ArrayList<>();
    if (tokens.skip(close)) {
      return nodes;
    }
    do {
      nodes.add(deeper(this::conditional));
    } while (tokens.skip(","));
    if (!tokens.skip(close)) {
      throw tokens.unexpected("',' or '" + close + "'");
    }
    return nodes;
  }

  private Node literal(JsonValue value) {
    int start = tokens.next().start();
    return new Node.Literal(part(start, List.of()), value);
  }

  private JsonValue number(Token token) {
    double value = Double.parseDouble(token.text());
    boolean isZero = token.text().matches("[0.]*([eE].*)?");
    if (Double.isInfinite(value) || value == 0 && !isZero) {
      throw tokens.error(
          token, Phrase.quoted(token.text()) + " is too " + (value == 0 ? "small" : "large"));
    }
    return Evaluator.number(value);
  }

  private Node deeper(Supplier<Node> rule) {
    if (depth == MAXIMUM_DEPTH) {
      throw tooDeep();
    }
    depth++;
    Node node = rule.get();
    depth--;
    return node;
  }

  /** The part from a position to the last word that was passed. */
  private Node.Part part(int start, List<Node> children) {
    int below = children.stream().mapToInt(child -> child.part().height()).max().orElse(0);
    // Evaluation descends as deep as the tree is, also that of a long sum.
    if (below == MAXIMUM_DEPTH) {
      throw tooDeep();
    }
    return new Node.Part(start, tokens.end(), below + 1);
  }

  private SyntaxException tooDeep() {
    return tokens.error(
        tokens.peek(), "expected at most " + MAXIMUM_DEPTH + " operations one within the other");
  }
}
