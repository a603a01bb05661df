// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.expression;

import io.github.quant4j.json.JsonValue;

/** What the identifiers of an expression stand for. */
@FunctionalInterface
public interface Scope {
  /**
   * The value of an identifier.
   *
   * @param name ASCII letters, digits and underscores
   * @return its value, {@link JsonValue.Null} if there is none
   */
  JsonValue value(String name);
}
