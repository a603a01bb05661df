// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import io.github.quant4j.testing.SeededRandom;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the text and the values are, there is a result or the refusal that is documented. */
class ExpressionFuzzTest {
  private static final List<String> TOKENS =
      List.of(
          "?",
          ":",
          "??",
          "||",
          "&&",
          "==",
          "!=",
          "<",
          "<=",
          ">",
          ">=",
          "+",
          "-",
          "*",
          "/",
          "%",
          "!",
          "[",
          "]",
          "(",
          ")",
          ".",
          ",",
          "a",
          "b",
          "c",
          "d",
          "e",
          "null",
          "true",
          "false",
          "0",
          "1",
          "2.5",
          "1e308",
          "1e-308",
          "1e999",
          "'x'",
          "'",
          "''",
          "sqrt(",
          "floor(",
          "min(",
          "max(",
          "abs(",
          "log(",
          "contains(",
          "length(",
          "number(",
          "foo(",
          " ",
          "\n",
          "=",
          "&",
          "\u0000",
          "\"",
          "\\",
          "\ud800",
          "\u2028",
          "01",
          "9".repeat(30));

  private static final List<String> UNARY = List.of("-", "!", "- ", "!!");

  private static final List<String> BINARY =
      List.of(" ?? ", "||", "&&", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%");

  private static final List<String> LEAVES =
      List.of(
          "a", "b", "c", "d", "e", "0", "1", "2", "0.5", "1e200", "true", "false", "null", "'x'",
          "[]");

  private static final List<String> FUNCTIONS =
      List.of(
          "sqrt(%s)",
          "floor(%s)",
          "abs(%s)",
          "log(%s)",
          "length(%s)",
          "number(%s)",
          "min(%s, %s)",
          "max(%s,%s)",
          "contains(%s, %s)");

  private static final List<JsonValue> VALUES =
      List.of(
          JsonParser.parse("0"),
          JsonParser.parse("-0.0"),
          JsonParser.parse("3"),
          JsonParser.parse("-2.5"),
          JsonParser.parse("1e308"),
          JsonParser.parse("1e-320"),
          JsonParser.parse("-1e999999999"),
          JsonParser.parse("null"),
          JsonParser.parse("true"),
          JsonParser.parse("false"),
          JsonParser.parse("\"x\""),
          JsonParser.parse("\"\\u0000\\ud800\""),
          JsonParser.parse("[]"),
          JsonParser.parse("[1, [2, \"x\"], null, {\"a\": 1e999}]"),
          JsonParser.parse("{\"a\": {\"a\": 1, \"b\": [1, 2]}, \"b\": null, \"c\": 1e999}"));

  /** How many texts were expressions, and how many of these had a value. */
  private static final class Tally {
    private int parsed;
    private int evaluated;
  }

  private static <T> T any(List<T> list, SeededRandom random) {
    return list.get(random.nextInt(0, list.size()));
  }

  private static String bytes(SeededRandom random) {
    byte[] bytes = new byte[random.nextInt(0, 40)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) random.nextLong();
    }
    return new String(
        bytes,
        switch (random.nextInt(0, 3)) {
          case 0 -> StandardCharsets.UTF_8;
          case 1 -> StandardCharsets.UTF_16;
          default -> StandardCharsets.ISO_8859_1;
        });
  }

  private static String soup(SeededRandom random) {
    StringBuilder text = new StringBuilder();
    int count = random.nextInt(1, random.nextInt(0, 20) == 0 ? 1000 : 9);
    for (int i = 0; i < count; i++) {
      text.append(any(TOKENS, random));
    }
    return text.toString();
  }

  /** Of the grammar, but for how deep and long it is; kinds of values are not looked at. */
  private static String valid(SeededRandom random, int depth) {
    if (depth == 0) {
      return any(LEAVES, random);
    }
    Function<SeededRandom, String> next = draw -> valid(draw, depth - 1);
    return switch (random.nextInt(0, 8)) {
      case 0 -> any(UNARY, random) + "(" + next.apply(random) + ")";
      case 1 -> "(" + next.apply(random) + ")" + any(BINARY, random) + valid(random, 0);
      case 2 -> valid(random, 0) + any(BINARY, random) + "(" + next.apply(random) + ")";
      case 3 -> "(" + next.apply(random) + ")[" + next.apply(random) + "]";
      case 4 -> "(" + next.apply(random) + ")." + any(List.of("a", "b", "c"), random);
      case 5 -> "[" + next.apply(random) + ", " + next.apply(random) + "]";
      case 6 -> String.format(any(FUNCTIONS, random), next.apply(random), next.apply(random));
      default ->
          "("
              + valid(random, 0)
              + " == "
              + valid(random, 0)
              + " ? "
              + next.apply(random)
              + " : "
              + next.apply(random)
              + ")";
    };
  }

  private static String mutated(SeededRandom random) {
    StringBuilder text = new StringBuilder(valid(random, random.nextInt(1, 5)));
    int mutations = random.nextInt(1, 4);
    for (int i = 0; i < mutations; i++) {
      int at = random.nextInt(0, text.length() + 1);
      int end = Math.min(text.length(), at + random.nextInt(0, 3));
      text.replace(at, end, any(TOKENS, random));
    }
    return text.toString();
  }

  private static void check(String text, SeededRandom random, String label, Tally tally) {
    JsonValue[] values = new JsonValue[5];
    for (int i = 0; i < values.length; i++) {
      values[i] = any(VALUES, random);
    }
    Scope scope =
        name ->
            name.length() == 1 && name.charAt(0) >= 'a' && name.charAt(0) <= 'e'
                ? values[name.charAt(0) - 'a']
                : new JsonValue.Null();
    try {
      Expression expression = Expression.parse(text);
      tally.parsed++;
      assertEquals(text, expression.toString(), label);
      assertTrue(expression.member().stream().allMatch(expression.names()::contains), label);
      JsonValue value = expression.evaluate(scope);
      tally.evaluated++;
      if (value instanceof JsonValue.Num number) {
        assertTrue(Double.isFinite(number.asDouble()), label);
      }
      assertEquals(value, JsonParser.parse(JsonWriter.compact(value)), label);
    } catch (SyntaxException e) {
      assertTrue(e.position() >= 0 && e.position() <= text.length(), label);
      assertFalse(e.problem().isEmpty(), label);
      assertTrue(e.getMessage().length() < 400, label);
    } catch (ExpressionException e) {
      assertTrue(e.getMessage().contains(", expected "), label + e.getMessage());
      assertTrue(e.getMessage().length() < 600, label);
    } catch (RuntimeException | StackOverflowError e) {
      fail(label + ": " + e, e);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void nothingButWhatIsDocumentedComesOut(long seed) {
    SeededRandom random = new SeededRandom(seed);
    List<Function<SeededRandom, String>> sources =
        List.of(
            ExpressionFuzzTest::bytes,
            ExpressionFuzzTest::soup,
            ExpressionFuzzTest::mutated,
            draw -> valid(draw, draw.nextInt(1, 6)));
    for (int source = 0; source < sources.size(); source++) {
      Tally tally = new Tally();
      int cases = 4000;
      for (int i = 0; i < cases; i++) {
        String text = sources.get(source).apply(random);
        String label = random + ", source " + source + ", case " + i + ": '" + text + "' ";
        check(text, random, label, tally);
      }
      String counts =
          random + ", source " + source + ": " + tally.parsed + " parsed, " + tally.evaluated;
      // Bytes are hardly ever an expression; of the others, each must get to see all stages.
      if (source > 0) {
        assertTrue(tally.parsed > 100 && tally.evaluated > 10, counts);
        assertTrue(tally.evaluated < tally.parsed, counts);
      }
      if (source == 3) {
        assertTrue(tally.parsed > cases * 9 / 10, counts);
      } else {
        assertTrue(tally.parsed < cases * 9 / 10, counts);
      }
    }
  }
}
