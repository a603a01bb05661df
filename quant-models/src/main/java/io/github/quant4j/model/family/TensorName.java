// SPDX-License-Identifier: Apache-2.0
package io.github.quant4j.model.family;

import io.github.quant4j.model.expression.Expression;
import org.jspecify.annotations.Nullable;

/**
 * Where a tensor or module is: a name with places for {@code {block}}, {@code {layer}} and {@code
 * {expert}}, or a choice between two by an expression.
 *
 * @param condition chooses; null if there is nothing to choose
 * @param name the name if the condition holds; null if there is no such tensor then
 * @param otherwise the name if it does not hold; null if there is no such tensor then
 */
record TensorName(
    @Nullable Expression condition, @Nullable String name, @Nullable String otherwise) {}
