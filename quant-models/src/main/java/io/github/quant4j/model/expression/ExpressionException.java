// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An expression has no value for the values that its identifiers stand for. The message says which
 * part of the expression is at fault, what its value is and what was expected, such as {@code
 * head_dim in 'hidden_size / head_dim': "abc", expected a number}.
 */
public final class ExpressionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final @Nullable String member;

  /**
   * Makes an exception.
   *
   * @param message which part is at fault, its value, and what was expected
   * @param member the part at fault if it is an identifier, otherwise null
   */
  ExpressionException(String message, @Nullable String member) {
    super(message);
    this.member = member;
  }

  /**
   * The identifier whose value is at fault.
   *
   * @return its name, or empty if the part at fault is no identifier
   */
  public Optional<String> member() {
    return Optional.ofNullable(member);
  }
}
