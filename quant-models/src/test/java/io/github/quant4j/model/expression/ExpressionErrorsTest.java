// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.json.JsonParser;
import io.github.quant4j.json.JsonValue;
import io.github.quant4j.json.JsonWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExpressionErrorsTest {
  private static final JsonValue.Obj MEMBERS =
      (JsonValue.Obj)
          JsonParser.parse(
              """
              {"hidden_size": 960, "head_dim": "abc", "zero": 0, "half": 0.5, "minus": -4,
               "tie": true, "types": ["a", "b"], "empty": [], "rope": {"theta": "x"},
               "infinite": 1e999, "infinities": [1e999, -1e999], "big": 1e200, "one": 1,
               "object": {"a": 1e999}}
              """);

  private static JsonValue evaluate(String text) {
    return Expression.parse(text)
        .evaluate(name -> MEMBERS.get(name).orElseGet(JsonValue.Null::new));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "``;0;expected a value, found the end",
        "`  `;2;expected a value, found the end",
        "1 +;3;expected a value, found the end",
        "1 + * 2;4;expected a value, found '*'",
        "+1;0;expected a value, found '+'",
        "a b;2;expected an operator or the end, found 'b'",
        "1 2;2;expected an operator or the end, found '2'",
        "a);1;expected an operator or the end, found ')'",
        "a 'b';2;expected an operator or the end, found ''b''",
        "(a;2;expected ')', found the end",
        "(a];2;expected ')', found ']'",
        "();1;expected a value, found ')'",
        "[a;2;expected ',' or ']', found the end",
        "[a b];3;expected ',' or ']', found 'b'",
        "[a,];3;expected a value, found ']'",
        "[,a];1;expected a value, found ','",
        "a[];2;expected a value, found ']'",
        "a[1;3;expected ']', found the end",
        "a[1, 2];3;expected ']', found ','",
        "a.;2;expected the name of a member, found the end",
        "a.1;2;expected the name of a member, found '1'",
        "a.'b';2;expected the name of a member, found ''b''",
        ".a;0;expected a value, found '.'",
        "a ? b;5;expected ':', found the end",
        "a ? b , c;6;expected ':', found ','",
        "a ? : c;4;expected a value, found ':'",
        "a : b;2;expected an operator or the end, found ':'",
        "a ?? ;5;expected a value, found the end",
        "a ? ? b;4;expected a value, found '?'",
        "a = b;2;expected a value or an operator, found '='",
        "a & b;2;expected a value or an operator, found '&'",
        "a | b;2;expected a value or an operator, found '|'",
        "a \"b\";2;expected a value or an operator, found '\"'",
        "\u00e4;0;expected a value or an operator, found '\u00e4'",
        "a + \ud83d\ude00;4;expected a value or an operator, found '\ud83d\ude00'",
        "a + 'b;4;the text has no closing quote",
        "'a\tb';2;a text has no control characters",
        "1.;2;expected a digit",
        "1.x;2;expected a digit",
        "1e;2;expected a digit",
        "1e+;3;expected a digit",
        "012;0;'01' is neither a number nor an identifier",
        "2 * 3x;4;'3x' is neither a number nor an identifier",
        "0x10;0;'0x' is neither a number nor an identifier",
        "1_000;0;'1_' is neither a number nor an identifier",
        "1 + 1e999;4;'1e999' is too large",
        "1e-999;0;'1e-999' is too small",
        "root(2);0;'root' is not a function, expected one of sqrt, floor, min",
        "1 + SQRT(2);4;'SQRT' is not a function",
        "sqrt();0;'sqrt': expected 1 argument, found 0",
        "1 + sqrt(1, 2);4;'sqrt': expected 1 argument, found 2",
        "min(1);0;'min': expected 2 arguments, found 1",
        "min(1 2);6;expected ',' or ')', found '2'",
        "a == b == c;7;comparisons do not chain",
        "a != b == c;7;comparisons do not chain",
        "a < b <= c;6;comparisons do not chain",
        "a > b >= c;6;comparisons do not chain",
        "a === b;4;expected a value or an operator, found '='",
      })
  void mistakesAreLocated(String text, int position, String problem) {
    SyntaxException error = assertThrows(SyntaxException.class, () -> Expression.parse(text));
    assertTrue(error.problem().startsWith(problem), error::getMessage);
    assertEquals(position, error.position(), error::getMessage);
    assertTrue(error.getMessage().startsWith("expression '"), error::getMessage);
  }

  @Test
  void semicolonsAreNoOperators() {
    SyntaxException error = assertThrows(SyntaxException.class, () -> Expression.parse("a ; b"));
    assertEquals(2, error.position());
    assertEquals("expected a value or an operator, found ';'", error.problem());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        // Operands of the wrong kind.
        "hidden_size / head_dim;head_dim in 'hidden_size / head_dim': \"abc\", expected a number;"
            + "head_dim",
        "head_dim * 2;head_dim in 'head_dim * 2': \"abc\", expected a number;head_dim",
        "tie + 1;tie in 'tie + 1': true, expected a number;tie",
        "1 - types;types in '1 - types': [\"a\",\"b\"], expected a number;types",
        "1 % rope;rope in '1 % rope': {\"theta\":\"x\"}, expected a number;rope",
        "-head_dim;head_dim in '-head_dim': \"abc\", expected a number;head_dim",
        "head_dim < 2;head_dim in 'head_dim < 2': \"abc\", expected a number;head_dim",
        "2 <= head_dim;head_dim in '2 <= head_dim': \"abc\", expected a number;head_dim",
        "tie > 2;tie in 'tie > 2': true, expected a number;tie",
        "2 >= 'a';'a' in '2 >= 'a'': \"a\", expected a number;",
        "sqrt(head_dim);head_dim in 'sqrt(head_dim)': \"abc\", expected a number;head_dim",
        "max(1, head_dim);head_dim in 'max(1, head_dim)': \"abc\", expected a number;head_dim",
        "one || tie;one in 'one || tie': 1, expected true or false;one",
        "tie && one;one in 'tie && one': 1, expected true or false;one",
        "!one;one in '!one': 1, expected true or false;one",
        "one ? 2 : 3;one in 'one ? 2 : 3': 1, expected true or false;one",
        "number(one);one in 'number(one)': 1, expected true or false;one",
        "contains(one, 1);one in 'contains(one, 1)': 1, expected a list;one",
        "at([5, 7], 2);2 in 'at([5, 7], 2)': 2, expected a whole number from 0 to 1;",
        "length(head_dim);head_dim in 'length(head_dim)': \"abc\", expected a list;head_dim",
        "rope[0];rope in 'rope[0]': {\"theta\":\"x\"}, expected a list;rope",
        "types.first;types in 'types.first': [\"a\",\"b\"], expected an object;types",
        "one.theta;one in 'one.theta': 1, expected an object;one",
        // What is not there.
        "hidden_size / absent;absent in 'hidden_size / absent': missing, expected a number;absent",
        "absent && tie;absent in 'absent && tie': missing, expected true or false;absent",
        "absent ? 1 : 2;absent in 'absent ? 1 : 2': missing, expected true or false;absent",
        "contains(absent, 1);absent in 'contains(absent, 1)': missing, expected a list;absent",
        "absent[0];absent in 'absent[0]': missing, expected a list;absent",
        "types[absent];absent in 'types[absent]': missing, expected a number;absent",
        "rope.beta + 1;rope.beta in 'rope.beta + 1': missing, expected a number;",
        "(absent ?? null) + 1;absent ?? null in '(absent ?? null) + 1': missing, expected a"
            + " number;",
        // Parts that are no identifiers.
        "rope.theta + 1;rope.theta in 'rope.theta + 1': \"x\", expected a number;",
        "types[0] + 1;types[0] in 'types[0] + 1': \"a\", expected a number;",
        "2 * (tie == true);tie == true in '2 * (tie == true)': true, expected a number;",
        "2 * (head_dim);head_dim in '2 * (head_dim)': \"abc\", expected a number;head_dim",
        "1 + 2 && tie;1 + 2 in '1 + 2 && tie': 3, expected true or false;",
        // Indices.
        "types[2];2 in 'types[2]': 2, expected a whole number from 0 to 1;",
        "types[minus];minus in 'types[minus]': -4, expected a whole number from 0 to 1;minus",
        "types[half];half in 'types[half]': 0.5, expected a whole number from 0 to 1;half",
        "types[hidden_size];hidden_size in 'types[hidden_size]': 960, expected a whole number from"
            + " 0 to 1;hidden_size",
        "empty[0];empty in 'empty[0]': [], expected a list that is not empty;empty",
        // Results that are no numbers.
        "1 / zero;zero in '1 / zero': 0, expected a number other than 0;zero",
        "0 / zero;zero in '0 / zero': 0, expected a number other than 0;zero",
        "1 % zero;zero in '1 % zero': 0, expected a number other than 0;zero",
        "1 / (one - 1);one - 1 in '1 / (one - 1)': 0, expected a number other than 0;",
        "1 / -0.0;-0.0 in '1 / -0.0': 0, expected a number other than 0;",
        "sqrt(minus);minus in 'sqrt(minus)': -4, expected a number of at least 0;minus",
        "log(zero);zero in 'log(zero)': 0, expected a number greater than 0;zero",
        "log(minus);minus in 'log(minus)': -4, expected a number greater than 0;minus",
        "1 + big * big;big * big in '1 + big * big': Infinity, expected a number that a double can"
            + " hold;",
        "big * -big;'big * -big': -Infinity, expected a number that a double can hold;",
        "1e308 + 1e308;'1e308 + 1e308': Infinity, expected a number that a double can hold;",
        "1e308 / 1e-308;'1e308 / 1e-308': Infinity, expected a number that a double can hold;",
        // Numbers of the file that no double holds.
        "infinite;'infinite': 1e999, expected a number that a double can hold;infinite",
        "1 < infinite;infinite in '1 < infinite': 1e999, expected a number that a double can hold;"
            + "infinite",
        "infinities[1];'infinities[1]': -1e999, expected a number that a double can hold;",
        "object.a;'object.a': 1e999, expected a number that a double can hold;",
        "infinities == infinities;'infinities == infinities': 1e999, expected numbers that a double"
            + " can hold;",
        "contains(infinities, 1);'contains(infinities, 1)': 1e999, expected numbers that a double"
            + " can hold;",
      })
  void valuesThatDoNotFitAreNamed(String text, String message, String member) {
    ExpressionException error = assertThrows(ExpressionException.class, () -> evaluate(text));
    assertEquals(message, error.getMessage());
    assertEquals(Optional.ofNullable(member), error.member());
  }

  @Test
  void messagesAreShortWhateverTheValue() {
    Expression expression = Expression.parse("1 + a" + " + 1".repeat(80));
    JsonValue value = new JsonValue.Str("\ud83d\ude00".repeat(5000));
    ExpressionException error =
        assertThrows(ExpressionException.class, () -> expression.evaluate(_ -> value));
    assertTrue(error.getMessage().length() < 320, error::getMessage);
    // No half of a pair is left over.
    assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(error.getMessage()));
    assertEquals(Optional.of("a"), error.member());
  }

  @Test
  void textsAreNotLongerThan2000() {
    assertEquals("1", JsonWriter.compact(evaluate("1" + " ".repeat(1999))));
    SyntaxException error =
        assertThrows(SyntaxException.class, () -> Expression.parse("1" + " ".repeat(2000)));
    assertEquals("expected at most 2000 characters, found 2001", error.problem());
  }

  /** A hundred levels of each kind are fine, and one more is refused. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "(;1;);100",
        "[;1;];99",
        "-;1;``;99",
        "!;true;``;99",
        "abs(;1;);99",
        "``;1; + 1;99",
        "``;true; && true;99",
        "``;null; ?? 1;99",
        "``;a;.b;99",
        "``;a;[0];99",
        "a[;0;];99",
        "true ? 1 : ;1;``;99",
        "true ? ;1; : 1;99",
      })
  void nestingIsLimited(String before, String middle, String behind, int most) {
    Expression.parse(nested(before, middle, behind, most));
    SyntaxException error =
        assertThrows(
            SyntaxException.class,
            () -> Expression.parse(nested(before, middle, behind, most + 1)));
    assertEquals("expected at most 100 operations one within the other", error.problem());
  }

  private static String nested(String before, String middle, String behind, int depth) {
    return before.repeat(depth) + middle + behind.repeat(depth);
  }

  /** Lists may be long, since that is no nesting. */
  @Test
  void listsOfManyElementsAreNotNested() {
    String list = "[0" + ", 1".repeat(500) + "]";
    assertEquals("501", JsonWriter.compact(evaluate("length(" + list + ")")));
  }
}
