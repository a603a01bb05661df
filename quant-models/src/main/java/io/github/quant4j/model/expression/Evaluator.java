// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.util.List;
import java.util.Map;

/** Evaluates the nodes of one expression for the values of one scope. */
final class Evaluator {
  private static final int SHOWN_VALUE = 60;
  private static final int SHOWN_TEXT = 200;
  private static final String FINITE = "a number that a double can hold";

  private final String text;
  private final Scope scope;

  Evaluator(String text, Scope scope) {
    this.text = text;
    this.scope = scope;
  }

  /**
   * A finite number, without fraction and exponent if it is whole and fits a long. Zero has no
   * sign.
   */
  static JsonValue.Num number(double value) {
    return new JsonValue.Num(
        value == Math.rint(value) && Math.abs(value) < 0x1p63
            ? Long.toString((long) value)
            : Double.toString(value));
  }

  JsonValue value(Node node) {
    return switch (node) {
      case Node.Literal literal -> literal.value();
      case Node.Name name -> found(name, scope.value(name.name()));
      case Node.ListOf list ->
          new JsonValue.Arr(list.elements().stream().map(this::value).toList());
      case Node.Unary unary ->
          switch (unary.operator()) {
            case NEGATE -> result(unary, -operand(unary.operand()));
            case NOT -> new JsonValue.Bool(!condition(unary.operand()));
          };
      case Node.Binary binary -> binary(binary, binary.left(), binary.right());
      case Node.Conditional choice ->
          value(condition(choice.condition()) ? choice.then() : choice.otherwise());
      case Node.Index index -> element(index);
      case Node.Member member -> member(member);
      case Node.Call call -> call(call, call.arguments());
    };
  }

  private JsonValue binary(Node.Binary node, Node left, Node right) {
    return switch (node.operator()) {
      case COALESCE -> {
        JsonValue value = value(left);
        yield value instanceof JsonValue.Null ? value(right) : value;
      }
      case OR -> new JsonValue.Bool(condition(left) || condition(right));
      case AND -> new JsonValue.Bool(condition(left) && condition(right));
      case EQUAL -> new JsonValue.Bool(areEqual(node, value(left), value(right)));
      case NOT_EQUAL -> new JsonValue.Bool(!areEqual(node, value(left), value(right)));
      case LESS -> new JsonValue.Bool(operand(left) < operand(right));
      case LESS_OR_EQUAL -> new JsonValue.Bool(operand(left) <= operand(right));
      case GREATER -> new JsonValue.Bool(operand(left) > operand(right));
      case GREATER_OR_EQUAL -> new JsonValue.Bool(operand(left) >= operand(right));
      case ADD -> result(node, operand(left) + operand(right));
      case SUBTRACT -> result(node, operand(left) - operand(right));
      case MULTIPLY -> result(node, operand(left) * operand(right));
      case DIVIDE -> result(node, operand(left) / divisor(right));
      case REMAINDER -> result(node, operand(left) % divisor(right));
    };
  }

  private JsonValue call(Node.Call node, List<Node> arguments) {
    Node first = arguments.getFirst();
    Node last = arguments.getLast();
    return switch (node.function()) {
      case SQRT -> {
        double value = operand(first);
        if (value < 0) {
          throw error(first, number(value), "a number of at least 0");
        }
        yield result(node, Math.sqrt(value));
      }
      case LOG -> {
        double value = operand(first);
        if (value <= 0) {
          throw error(first, number(value), "a number greater than 0");
        }
        yield result(node, Math.log(value));
      }
      case FLOOR -> result(node, Math.floor(operand(first)));
      case ABS -> result(node, Math.abs(operand(first)));
      case MIN -> result(node, Math.min(operand(first), operand(last)));
      case MAX -> result(node, Math.max(operand(first), operand(last)));
      case AT ->
          value(first) instanceof JsonValue.Arr
              ? element(new Node.Index(node.part(), first, last))
              : value(first);
      case CONTAINS -> {
        List<JsonValue> elements = elements(first);
        JsonValue wanted = value(last);
        yield new JsonValue.Bool(
            elements.stream().anyMatch(element -> areEqual(node, element, wanted)));
      }
      case LENGTH -> number(elements(first).size());
      case NUMBER -> number(condition(first) ? 1 : 0);
    };
  }

  private JsonValue element(Node.Index node) {
    List<JsonValue> elements = elements(node.list());
    if (elements.isEmpty()) {
      throw error(node.list(), new JsonValue.Arr(elements), "a list that is not empty");
    }
    double index = operand(node.index());
    if (index != Math.rint(index) || index < 0 || index >= elements.size()) {
      throw error(node.index(), number(index), "a whole number from 0 to " + (elements.size() - 1));
    }
    return found(node, elements.get((int) index));
  }

  private JsonValue member(Node.Member node) {
    return switch (value(node.object())) {
      case JsonValue.Obj object ->
          found(node, object.get(node.name()).orElseGet(JsonValue.Null::new));
      case JsonValue.Null nothing -> nothing;
      case JsonValue other -> throw error(node.object(), other, "an object");
    };
  }

  /** A value that was looked up, unless it is a number beyond doubles. */
  private JsonValue found(Node node, JsonValue value) {
    if (value instanceof JsonValue.Num number && !Double.isFinite(number.asDouble())) {
      throw error(node, value, FINITE);
    }
    return value;
  }

  private double operand(Node node) {
    JsonValue value = value(node);
    if (value instanceof JsonValue.Num number) {
      return number.asDouble();
    }
    throw error(node, value, "a number");
  }

  private double divisor(Node node) {
    double value = operand(node);
    if (value == 0) {
      throw error(node, number(value), "a number other than 0");
    }
    return value;
  }

  private boolean condition(Node node) {
    JsonValue value = value(node);
    if (value instanceof JsonValue.Bool(boolean isTrue)) {
      return isTrue;
    }
    throw error(node, value, "true or false");
  }

  private List<JsonValue> elements(Node node) {
    JsonValue value = value(node);
    if (value instanceof JsonValue.Arr(List<JsonValue> elements)) {
      return elements;
    }
    throw error(node, value, "a list");
  }

  private JsonValue result(Node node, double value) {
    if (!Double.isFinite(value)) {
      throw error(node, Double.toString(value), FINITE);
    }
    return number(value);
  }

  private boolean areEqual(Node node, JsonValue a, JsonValue b) {
    return switch (a) {
      case JsonValue.Num left ->
          b instanceof JsonValue.Num right && finite(node, left) == finite(node, right);
      case JsonValue.Arr(List<JsonValue> left) ->
          b instanceof JsonValue.Arr(List<JsonValue> right) && areEqual(node, left, right);
      case JsonValue.Obj left -> b instanceof JsonValue.Obj right && areEqual(node, left, right);
      case JsonValue.Str _, JsonValue.Bool _, JsonValue.Null _ -> a.equals(b);
    };
  }

  private boolean areEqual(Node node, List<JsonValue> a, List<JsonValue> b) {
    boolean isEqual = a.size() == b.size();
    for (int i = 0; isEqual && i < a.size(); i++) {
      isEqual = areEqual(node, a.get(i), b.get(i));
    }
    return isEqual;
  }

  private boolean areEqual(Node node, JsonValue.Obj a, JsonValue.Obj b) {
    Map<String, JsonValue> others = b.members();
    return a.members().keySet().equals(others.keySet())
        && a.members().entrySet().stream()
            .allMatch(
                member ->
                    areEqual(
                        node,
                        member.getValue(),
                        others.getOrDefault(member.getKey(), new JsonValue.Null())));
  }

  private double finite(Node node, JsonValue.Num number) {
    double value = number.asDouble();
    if (!Double.isFinite(value)) {
      throw error(node, number, "numbers that a double can hold");
    }
    return value;
  }

  private ExpressionException error(Node node, JsonValue value, String expected) {
    return error(
        node, value instanceof JsonValue.Null ? "missing" : JsonWriter.compact(value), expected);
  }

  private ExpressionException error(Node node, String found, String expected) {
    String part = node.part().of(text);
    String whole = "'" + cut(text, SHOWN_TEXT) + "'";
    return new ExpressionException(
        (part.equals(text) ? whole : cut(part, SHOWN_TEXT) + " in " + whole)
            + ": "
            + cut(found, SHOWN_VALUE)
            + ", expected "
            + expected,
        node instanceof Node.Name(_, String name) ? name : null);
  }

  private static String cut(String text, int most) {
    if (text.length() <= most) {
      return text;
    }
    // Half of a pair has no encoding.
    int end = Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most;
    return text.substring(0, end) + "...";
  }
}
