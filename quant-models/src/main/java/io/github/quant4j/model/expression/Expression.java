// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import io.github.quant4j.grammar.SyntaxException;
import io.github.quant4j.json.JsonValue;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Optional;
import java.util.Set;

/**
 * An expression over JSON values, such as {@code head_dim ?? hidden_size / num_attention_heads}.
 * Immutable. From what binds least to what binds most:
 *
 * <ul>
 *   <li>{@code c ? a : b}: c is true or false; only the side that is chosen is evaluated. Groups
 *       from the right.
 *   <li>{@code a ?? b}: b if a is null, and only then evaluated.
 *   <li>{@code a || b}, then {@code a && b}: true or false; b is evaluated only if it matters.
 *   <li>{@code a == b}, {@code a != b}: any values. Numbers are compared by value, and values of
 *       two kinds are not equal. Comparisons do not chain: {@code a == b == c} is refused.
 *   <li>{@code a < b}, {@code <=}, {@code >}, {@code >=}: numbers. They do not chain either.
 *   <li>{@code a + b}, {@code a - b}, then {@code a * b}, {@code a / b}, {@code a % b}: numbers.
 *       These group from the left. The remainder has the sign of a.
 *   <li>{@code -a} of a number, {@code !a} of true or false.
 *   <li>{@code list[index]}, from 0, and {@code object.name}, which is null if the object is null
 *       or has no such member.
 *   <li>{@code 12}, {@code 0.5}, {@code 1e-6}, {@code 'text'} (without escapes), {@code true},
 *       {@code false}, {@code null}, {@code [a, b]}, {@code (a)}, an identifier of ASCII letters,
 *       digits and underscores, and the functions {@code sqrt(x)}, {@code floor(x)}, {@code
 *       abs(x)}, {@code log(x)} (natural), {@code min(a, b)}, {@code max(a, b)}, {@code
 *       contains(list, x)}, {@code length(list)} and {@code number(x)}, which is 1 for true and 0
 *       for false.
 * </ul>
 *
 * <p>Arithmetic is that of doubles. There is neither an infinity nor a NaN: what would become one
 * is refused, and so is arithmetic with null. Parsing and evaluating cost time linear in the length
 * of the text, and in the size of the lists and objects that are compared or searched.
 */
public final class Expression {
  private final String text;
  private final Node root;
  private final Set<String> names;

  private Expression(String text, Node root, Set<String> names) {
    this.text = text;
    this.root = root;
    this.names = Collections.unmodifiableSet(new LinkedHashSet<>(names));
  }

  /**
   * Parses an expression.
   *
   * @param text at most 2000 characters, nested at most 100 deep
   * @return the expression
   * @throws SyntaxException if it is none; the message says where, what was found and what was
   *     expected
   */
  public static Expression parse(String text) {
    ExpressionParser parser = new ExpressionParser(text);
    Node root = parser.parse();
    return new Expression(text, root, parser.names());
  }

  /**
   * The value of the expression.
   *
   * @param scope what the identifiers stand for
   * @return a number that was computed is finite, and written without fraction and exponent if it
   *     is whole and fits 64 bits; what was only looked up is as it was found
   * @throws ExpressionException if a value is not what an operator needs, or a result is not a
   *     finite number
   */
  public JsonValue evaluate(Scope scope) {
    return new Evaluator(text, scope).value(root);
  }

  /**
   * The identifier that is all of the expression.
   *
   * @return its name, or empty if the expression is anything else
   */
  public Optional<String> member() {
    return root instanceof Node.Name(_, String name) ? Optional.of(name) : Optional.empty();
  }

  /**
   * The identifiers that are looked up in the scope, whether or not an evaluation needs them.
   *
   * @return their names, in the order of the text
   */
  public Set<String> names() {
    return names;
  }

  /** The text. */
  @Override
  public String toString() {
    return text;
  }
}
