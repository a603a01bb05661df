// SPDX-License-Identifier: Apache-2.0

/**
 * Expressions over the members of a model's configuration, for descriptions of families. Not API.
 */
@NullMarked
package io.github.quant4j.model.expression;

import org.jspecify.annotations.NullMarked;
