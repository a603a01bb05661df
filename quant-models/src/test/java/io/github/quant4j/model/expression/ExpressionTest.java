// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExpressionTest {
  private static final String CONFIGURATION =
      """
      {"hidden_size": 960, "num_attention_heads": 15, "query_pre_attn_scalar": 256,
       "num_hidden_layers": 49, "scale_depth": 1.4, "rope_theta": 1000000.0, "head_dim": null,
       "layer_types": ["full_attention", "sliding_attention"], "sliding_window": 4096,
       "layer": 1, "decoder_sparse_step": 2, "tie": true, "untied": false, "name": "a 'b'",
       "rope_parameters": {"rope_theta": 5e5, "nested": {"deep": [[1, 2], [3, 4]]}, "none": null},
       "huge": 123456789012345678901234567890, "_private9": 7, "empty": [], "true_name": 3}
      """;

  private static final JsonValue.Obj MEMBERS = (JsonValue.Obj) JsonParser.parse(CONFIGURATION);

  private static JsonValue member(String name) {
    return MEMBERS.get(name).orElseGet(JsonValue.Null::new);
  }

  private static String evaluate(String text) {
    return JsonWriter.compact(Expression.parse(text).evaluate(ExpressionTest::member));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "1 / sqrt(query_pre_attn_scalar);0.0625",
        "head_dim ?? hidden_size / num_attention_heads;64",
        "layer_types[layer] == 'sliding_attention' ? sliding_window : 0;4096",
        "layer_types[layer - 1] == 'sliding_attention' ? sliding_window : 0;0",
        "contains(mlp_only_layers ?? [], layer) || (layer + 1) % decoder_sparse_step != 0;false",
        "contains([0, 1], layer) || (layer + 1) % decoder_sparse_step != 0;true",
        "scale_depth / sqrt(num_hidden_layers);0.19999999999999998",
        "rope_parameters.rope_theta ?? rope_theta ?? 10000;5e5",
        "rope_scaling.rope_theta ?? rope_theta ?? 10000;1000000.0",
        "rope_scaling.rope_theta ?? base ?? 10000;10000",
      })
  void optionsOfFamiliesAreEvaluated(String text, String expected) {
    assertEquals(expected, evaluate(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        // Arithmetic.
        "1 + 2 * 3;7",
        "(1 + 2) * 3;9",
        "10 - 4 - 3;3",
        "10 - (4 - 3);9",
        "100 / 10 / 5;2",
        "100 / (10 / 5);50",
        "2 * 7 % 4;2",
        "2 * (7 % 4);6",
        "7 % 4 * 2;6",
        "17 % 10 % 4;3",
        "-7 % 4;-3",
        "7 % -4;3",
        "5.5 % 2;1.5",
        "6 / 4 * 2;3",
        "1 - 2 + 3;2",
        "2 - -3;5",
        "2--3;5",
        "--3;3",
        "-(1 + 2);-3",
        "-2 * -3;6",
        "-[4][0];-4",
        "- 3 + 5;2",
        // Comparison binds less than arithmetic, and equality less than order.
        "1 + 1 == 2;true",
        "1 + 2 < 2 * 2;true",
        "1 < 2 == 3 < 4;true",
        "1 < 2 == (4 < 3);false",
        "1 < 2 != 4 < 3;true",
        "2 <= 2;true",
        "2 >= 3;false",
        "2 > 1;true",
        "2 < 2;false",
        "2 > 2;false",
        "3 <= 2;false",
        "(1 == 1) == true;true",
        // Logic.
        "true || false && false;true",
        "(true || false) && false;false",
        "false && false || true;true",
        "false && (false || true);false",
        "!true || true;true",
        "!(true || true);false",
        "!false && false;false",
        "!!true;true",
        "!tie == untied;true",
        "1 == 2 || 3 == 3;true",
        "1 == 1 && 3 == 4;false",
        // Null coalescing binds less than logic, and more than the choice.
        "null ?? 1 + 1;2",
        "5 ?? 1 + 1;5",
        "(5 ?? 1) + 1;6",
        "null ?? null ?? 3;3",
        "null ?? (null ?? 3);3",
        "null ?? 2 ?? 3;2",
        "false ?? true;false",
        "false ?? true || true;false",
        "(false ?? true) || true;true",
        "0 ?? 1;0",
        "null ?? null;null",
        "null ?? false ? 1 : 2;2",
        "true ? null ?? 3 : 4;3",
        "false ? 3 : null ?? 4;4",
        // The choice groups from the right.
        "true ? 1 : true ? 2 : 3;1",
        "(true ? 1 == 1 : true) ? 2 : 3;2",
        "false ? 1 : true ? 2 : 3;2",
        "false ? 1 : false ? 2 : 3;3",
        "true ? false ? 1 : 2 : 3;2",
        "1 < 2 ? 1 + 1 : 5;2",
        "true ? false : true || true;false",
        "[true ? 1 : 2, 3];[1,3]",
        // Members and elements.
        "rope_parameters.nested.deep[1][0];3",
        "rope_parameters.nested.deep[0];[1,2]",
        "rope_parameters . nested . deep [ 1 ] [ 1 ];4",
        "rope_parameters.none;null",
        "rope_parameters.absent;null",
        "rope_parameters.absent.deeper;null",
        "absent.deeper.still;null",
        "rope_parameters.true ?? 8;8",
        "[10, 20, 30][1 + 1];30",
        "[10, 20, 30][4 / 2 - 2];10",
        "layer_types[layer];`\"sliding_attention\"`",
        "[[1], [2, 3]][1][1] * 2;6",
        "_private9 + 1;8",
        "true_name;3",
        "min;null",
        // Literals.
        "[];[]",
        "[1, 'a', true, null, [2]];[1,\"a\",true,null,[2]]",
        "'';`\"\"`",
        "'a \"b\" \\n';`\"a \\\"b\\\" \\\\n\"`",
        "0;0",
        "0.0;0",
        "10.50;10.5",
        "1e3;1000",
        "1E+3;1000",
        "1e-6;1.0E-6",
        "2.5e-1;0.25",
        "null;null",
        // Functions.
        "sqrt(2.25);1.5",
        "sqrt(0);0",
        "floor(2.9);2",
        "floor(-2.1);-3",
        "floor(7 / 2) * 2;6",
        "abs(-3.5);3.5",
        "abs(3);3",
        "min(2, 1);1",
        "max(2, 1);2",
        "max(min(5, 9), 3);5",
        "log(1);0",
        "number(true) + number(false);1",
        "number(layer == 1) * 3;3",
        "length(layer_types);2",
        "length([]);0",
        "at([5, 7], 1);7",
        "at(5, 1);5",
        "at(null, 3) ?? 4;4",
        "length(rope_parameters.nested.deep[0]);2",
        "contains(layer_types, 'full_attention');true",
        "contains(layer_types, 'full');false",
        "contains(empty, null);false",
        "contains([null], absent);true",
        "contains([1.0], 1);true",
        "contains([[1, 2], 3], [1, 2]);true",
      })
  void precedenceAndGroupingAreThoseOfTheGrammar(String text, String expected) {
    assertEquals(expected, evaluate(text));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "1 == 1.0;true",
        "1e2 == 100;true",
        "0 == -0;true",
        "rope_theta == 1e6;true",
        "0.1 + 0.2 == 0.3;false",
        "1 == '1';false",
        "0 == false;false",
        "1 == true;false",
        "'' == null;false",
        "[] == null;false",
        "0 == null;false",
        "null == null;true",
        "absent == null;true",
        "head_dim == null;true",
        "hidden_size != null;true",
        "'a' == 'a';true",
        "'a' == 'A';false",
        "'a' != 'b';true",
        "true == tie;true",
        "[1, [2]] == [1.0, [2.0]];true",
        "[1, 2] == [2, 1];false",
        "[1] == [1, 1];false",
        "[1] == 1;false",
        "layer_types == ['full_attention', 'sliding_attention'];true",
        "rope_parameters == rope_parameters;true",
        "rope_parameters == rope_parameters.nested;false",
        "rope_parameters == [];false",
      })
  void equalityIsByKindAndValue(String text, String expected) {
    assertEquals(expected, evaluate(text));
  }

  @Test
  void objectsAreEqualWhateverTheirOrder() {
    JsonValue a = JsonParser.parse("{\"x\": 1, \"y\": [2]}");
    JsonValue sameAsA = JsonParser.parse("{\"y\": [2.0], \"x\": 1e0}");
    JsonValue other = JsonParser.parse("{\"x\": 1, \"y\": [3]}");
    JsonValue less = JsonParser.parse("{\"x\": 1}");
    Expression equal = Expression.parse("a == b");
    for (JsonValue b : List.of(sameAsA, other, less)) {
      assertEquals(
          new JsonValue.Bool(b.equals(sameAsA)),
          equal.evaluate(name -> name.equals("a") ? a : b),
          b::toString);
    }
  }

  /** What is not needed may be of any value, and is not even looked up. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "yes || bad;true;yes",
        "no && bad;false;no",
        "no || yes;true;no yes",
        "yes && no;false;yes no",
        "five ?? bad;5;five",
        "nothing ?? five;5;nothing five",
        "yes ? five : bad;5;yes five",
        "no ? bad : five;5;no five",
        "no ? bad / 0 : yes ? five : [][0];5;no yes five",
        "yes || no && bad;true;yes",
        "no && bad || yes;true;no yes",
        "five - five == 0;true;five five",
      })
  void onlyWhatIsNeededIsEvaluated(String text, String expected, String lookedUp) {
    List<String> names = new ArrayList<>();
    JsonValue value =
        Expression.parse(text)
            .evaluate(
                name -> {
                  names.add(name);
                  return switch (name) {
                    case "yes" -> new JsonValue.Bool(true);
                    case "no" -> new JsonValue.Bool(false);
                    case "five" -> new JsonValue.Num("5");
                    case "nothing" -> new JsonValue.Null();
                    default -> throw new AssertionError(name);
                  };
                });
    assertEquals(expected, JsonWriter.compact(value));
    assertEquals(lookedUp, String.join(" ", names));
  }

  @Test
  void wholeResultsAreWholeNumbers() {
    JsonValue.Num width =
        (JsonValue.Num)
            Expression.parse("hidden_size / num_attention_heads").evaluate(ExpressionTest::member);
    assertEquals(new JsonValue.Num("64"), width);
    assertEquals(64, width.asLong());
    assertEquals("0", evaluate("0 * -1"));
    assertEquals("0", evaluate("-(1 - 1)"));
    assertEquals("0", evaluate("0 / -5"));
    assertEquals("-2147483648", evaluate("-2147483647 - 1"));
    // 2^53 and 2^62 as products, and what no long holds.
    assertEquals("9007199254740992", evaluate("67108864 * 134217728"));
    assertEquals("4611686018427387904", evaluate("2147483648 * 2147483648"));
    assertEquals("1.0E20", evaluate("1e10 * 1e10"));
  }

  /** Doubles would lose digits of it. */
  @Test
  void whatIsOnlyLookedUpIsPassedOnAsItIs() {
    assertEquals("123456789012345678901234567890", evaluate("huge"));
    assertEquals("123456789012345678901234567890", evaluate("absent ?? (true ? huge : 0)"));
    assertEquals("1000000.0", evaluate("[rope_theta][0]"));
    assertEquals(
        member("rope_parameters"),
        Expression.parse("rope_parameters").evaluate(ExpressionTest::member));
  }

  @ParameterizedTest
  @CsvSource({
    "head_dim, head_dim",
    "' head_dim ', head_dim",
    "_a1, _a1",
    "head_dim + 1,",
    "head_dim.a,",
    "head_dim[0],",
    "head_dim ?? 1,",
    "-head_dim,",
    "true,",
    "12,",
    "'''head_dim''',",
    "abs(head_dim),",
  })
  void anIdentifierAloneIsAMember(String text, String member) {
    assertEquals(Optional.ofNullable(member), Expression.parse(text).member());
  }

  @Test
  void namesAreThoseOfTheScope() {
    String text = "b.c ?? true ? sqrt(a) + a : [x, 'y', null][i].length == contains(l, b) ? 1 : z";
    Expression expression = Expression.parse(text);
    assertEquals(List.of("b", "a", "x", "i", "l", "z"), List.copyOf(expression.names()));
    assertEquals(text, expression.toString());
    assertThrows(UnsupportedOperationException.class, () -> expression.names().add("w"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"hidden_size/num_attention_heads", "\thidden_size\n/\r num_attention_heads "})
  void whiteSpaceDoesNotMatter(String text) {
    assertEquals("64", evaluate(text));
  }
}
