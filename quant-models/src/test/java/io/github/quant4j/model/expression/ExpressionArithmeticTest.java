// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.json.JsonValue;
import io.github.quant4j.testing.SeededRandom;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random expressions, each made together with what computes it in Java. Their texts have few
 * parentheses beyond those that the grammar needs, so precedence and grouping are looked at as
 * well.
 */
class ExpressionArithmeticTest {
  // What binds how much, from the grammar.
  private static final int CHOICE = 0;
  private static final int COALESCE = 1;
  private static final int OR = 2;
  private static final int AND = 3;
  private static final int EQUALITY = 4;
  private static final int ORDER = 5;
  private static final int SUM = 6;
  private static final int PRODUCT = 7;
  private static final int UNARY = 8;
  private static final int PRIMARY = 9;

  private static final Map<String, Double> VARIABLES =
      Map.of(
          "zero", 0.0, "one", 1.0, "layer", 7.0, "theta", 1e6, "third", 1.0 / 3, "minus", -2.5,
          "large", 1e200, "small", 1e-200);
  private static final List<String> NAMES = VARIABLES.keySet().stream().sorted().toList();

  /** A number: its text, how much the outermost operator of that binds, and what computes it. */
  private record Computed(String text, int binding, DoubleSupplier value) {}

  /** The same for true or false. */
  private record Condition(String text, int binding, BooleanSupplier value) {}

  /** What must be refused. */
  private static final class RefusedException extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static double finite(double value) {
    return require(value, Double.isFinite(value));
  }

  private static double require(double value, boolean isFine) {
    if (!isFine) {
      throw new RefusedException();
    }
    return value;
  }

  private static final class Generator {
    private final SeededRandom random;

    private Generator(SeededRandom random) {
      this.random = random;
    }

    private String space() {
      return " ".repeat(random.nextInt(0, 2));
    }

    private String within(String text, int binding, int atLeast) {
      return binding < atLeast || random.nextInt(0, 12) == 0
          ? "(" + space() + text + space() + ")"
          : text;
    }

    private String within(Computed number, int atLeast) {
      return within(number.text(), number.binding(), atLeast);
    }

    private String within(Condition condition, int atLeast) {
      return within(condition.text(), condition.binding(), atLeast);
    }

    private Computed number(int depth) {
      if (depth == 0) {
        return leaf();
      }
      return switch (random.nextInt(0, 12)) {
        case 0, 1, 2 -> binary(depth, "+-".charAt(random.nextInt(0, 2)), SUM);
        case 3, 4, 5 -> binary(depth, "*/%".charAt(random.nextInt(0, 3)), PRODUCT);
        case 6 -> {
          Computed operand = number(depth - 1);
          yield new Computed(
              "-" + space() + within(operand, UNARY), UNARY, () -> -operand.value().getAsDouble());
        }
        case 7 -> ofOne(depth);
        case 8 -> ofTwo(depth);
        case 9 -> {
          Condition condition = condition(depth - 1);
          Computed then = number(depth - 1);
          Computed otherwise = number(depth - 1);
          yield new Computed(
              within(condition, COALESCE)
                  + " ? "
                  + within(then, CHOICE)
                  + space()
                  + ":"
                  + space()
                  + within(otherwise, CHOICE),
              CHOICE,
              () -> (condition.value().getAsBoolean() ? then : otherwise).value().getAsDouble());
        }
        case 10 -> coalesce(depth);
        default -> element(depth);
      };
    }

    private Computed leaf() {
      return switch (random.nextInt(0, 3)) {
        case 0 -> {
          int value = random.nextInt(0, 10);
          yield new Computed(Integer.toString(value), PRIMARY, () -> value);
        }
        case 1 -> {
          double value = random.nextDouble() * 100;
          yield new Computed(Double.toString(value), PRIMARY, () -> value);
        }
        default -> {
          String name = NAMES.get(random.nextInt(0, NAMES.size()));
          yield new Computed(name, PRIMARY, () -> VARIABLES.get(name));
        }
      };
    }

    private Computed binary(int depth, char operator, int binding) {
      Computed left = number(depth - 1);
      Computed right = number(random.nextInt(0, depth));
      return new Computed(
          within(left, binding) + space() + operator + space() + within(right, binding + 1),
          binding,
          () -> {
            double a = left.value().getAsDouble();
            double b = right.value().getAsDouble();
            return finite(
                switch (operator) {
                  case '+' -> a + b;
                  case '-' -> a - b;
                  case '*' -> a * b;
                  case '/' -> a / b;
                  default -> a % b;
                });
          });
    }

    private Computed ofOne(int depth) {
      if (random.nextInt(0, 5) == 0) {
        Condition condition = condition(depth - 1);
        return new Computed(
            "number(" + condition.text() + ")",
            PRIMARY,
            () -> condition.value().getAsBoolean() ? 1 : 0);
      }
      Computed argument = number(depth - 1);
      DoubleSupplier x = argument.value();
      String[] names = {"sqrt", "log", "floor", "abs"};
      int function = random.nextInt(0, names.length);
      return new Computed(
          names[function] + space() + "(" + argument.text() + ")",
          PRIMARY,
          switch (function) {
            case 0 -> () -> finite(Math.sqrt(x.getAsDouble()));
            case 1 -> () -> finite(Math.log(x.getAsDouble()));
            case 2 -> () -> Math.floor(x.getAsDouble());
            default -> () -> Math.abs(x.getAsDouble());
          });
    }

    private Computed ofTwo(int depth) {
      Computed a = number(depth - 1);
      Computed b = number(depth - 1);
      boolean least = random.nextInt(0, 2) == 0;
      return new Computed(
          (least ? "min(" : "max(") + a.text() + "," + space() + b.text() + ")",
          PRIMARY,
          () -> {
            double x = a.value().getAsDouble();
            double y = b.value().getAsDouble();
            return least == x < y ? x : y;
          });
    }

    private Computed coalesce(int depth) {
      Computed number = number(depth - 1);
      return random.nextInt(0, 2) == 0
          ? new Computed("absent ?? " + within(number, OR), COALESCE, number.value())
          // The zero divisor must not be looked at.
          : new Computed(within(number, OR) + "??1 / 0", COALESCE, number.value());
    }

    private Computed element(int depth) {
      Computed a = number(depth - 1);
      Computed b = number(depth - 1);
      int index = random.nextInt(0, 2);
      return new Computed(
          "[" + a.text() + ", " + b.text() + "][" + index + "]",
          PRIMARY,
          () -> {
            double x = a.value().getAsDouble();
            double y = b.value().getAsDouble();
            return index == 0 ? x : y;
          });
    }

    private Condition condition(int depth) {
      if (depth == 0) {
        boolean value = random.nextInt(0, 2) == 0;
        return new Condition(Boolean.toString(value), PRIMARY, () -> value);
      }
      return switch (random.nextInt(0, 6)) {
        case 0 -> {
          Condition operand = condition(depth - 1);
          yield new Condition(
              "!" + within(operand, UNARY), UNARY, () -> !operand.value().getAsBoolean());
        }
        case 1 -> {
          Condition a = condition(depth - 1);
          Condition b = condition(depth - 1);
          yield new Condition(
              within(a, OR) + " || " + within(b, AND),
              OR,
              () -> a.value().getAsBoolean() || b.value().getAsBoolean());
        }
        case 2 -> {
          Condition a = condition(depth - 1);
          Condition b = condition(depth - 1);
          yield new Condition(
              within(a, AND) + "&&" + within(b, EQUALITY),
              AND,
              () -> a.value().getAsBoolean() && b.value().getAsBoolean());
        }
        case 3 -> {
          Condition a = condition(depth - 1);
          Condition b = condition(depth - 1);
          boolean equal = random.nextInt(0, 2) == 0;
          // Operators of one level do not chain, so both sides must bind more.
          yield new Condition(
              within(a, ORDER) + (equal ? " == " : " != ") + within(b, ORDER),
              EQUALITY,
              () -> equal == (a.value().getAsBoolean() == b.value().getAsBoolean()));
        }
        default -> comparison(depth);
      };
    }

    private Condition comparison(int depth) {
      Computed a = number(depth - 1);
      Computed b = number(depth - 1);
      String[] operators = {"<", "<=", ">", ">=", "==", "!="};
      int operator = random.nextInt(0, operators.length);
      int binding = operator < 4 ? ORDER : EQUALITY;
      return new Condition(
          within(a, binding + 1) + space() + operators[operator] + space() + within(b, binding + 1),
          binding,
          () -> {
            double x = a.value().getAsDouble();
            double y = b.value().getAsDouble();
            return switch (operator) {
              case 0 -> x < y;
              case 1 -> x <= y;
              case 2 -> x > y;
              case 3 -> x >= y;
              case 4 -> x == y;
              default -> x != y;
            };
          });
    }
  }

  private static JsonValue variable(String name) {
    Double value = VARIABLES.get(name);
    return value == null ? new JsonValue.Null() : new JsonValue.Num(value.toString());
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 14})
  void resultsAreThoseOfJava(long seed) {
    SeededRandom random = new SeededRandom(seed);
    Generator generator = new Generator(random);
    int computed = 0;
    int refused = 0;
    for (int i = 0; i < 4000; i++) {
      Computed number = generator.number(random.nextInt(1, 6));
      if (number.text().length() > 2000) {
        continue;
      }
      String label = random + ", case " + i + ": " + number.text();
      Expression expression = Expression.parse(number.text());
      double expected;
      try {
        expected = number.value().getAsDouble();
      } catch (RefusedException e) {
        assertThrows(
            ExpressionException.class,
            () -> expression.evaluate(ExpressionArithmeticTest::variable),
            label);
        refused++;
        continue;
      }
      JsonValue.Num value = (JsonValue.Num) expression.evaluate(ExpressionArithmeticTest::variable);
      // There is one zero.
      assertEquals(expected + 0.0, value.asDouble() + 0.0, label);
      if (expected == Math.rint(expected) && Math.abs(expected) < 1e9) {
        assertEquals((long) expected, value.asLong(), label);
      }
      computed++;
    }
    assertTrue(computed > 2000, random + ": " + computed + " computed");
    assertTrue(refused > 100, random + ": " + refused + " refused");
  }

  @ParameterizedTest
  @ValueSource(longs = {21, 22})
  void conditionsAreThoseOfJava(long seed) {
    SeededRandom random = new SeededRandom(seed);
    Generator generator = new Generator(random);
    int[] results = new int[3];
    for (int i = 0; i < 4000; i++) {
      Condition condition = generator.condition(random.nextInt(1, 5));
      if (condition.text().length() > 2000) {
        continue;
      }
      String label = random + ", case " + i + ": " + condition.text();
      Expression expression = Expression.parse(condition.text());
      boolean expected;
      try {
        expected = condition.value().getAsBoolean();
      } catch (RefusedException e) {
        assertThrows(
            ExpressionException.class,
            () -> expression.evaluate(ExpressionArithmeticTest::variable),
            label);
        results[2]++;
        continue;
      }
      assertEquals(
          new JsonValue.Bool(expected),
          expression.evaluate(ExpressionArithmeticTest::variable),
          label);
      results[expected ? 1 : 0]++;
    }
    for (int count : results) {
      assertTrue(count > 50, random + ": " + List.of(results[0], results[1], results[2]));
    }
  }
}
