// SPDX-License-Identifier: Apache-2.0
/**
 * What the words of the recipe language are made of: one scanner that knows positions, one rule for
 * numbers, and steps that declare their name, arguments, ranges, defaults and help once, from which
 * reading, printing, suggestions and documentation follow.
 *
 * <p>The steps themselves are declared where their classes are: formats, scale layouts, searches,
 * roundings, transforms, terms. {@code recipe} joins them.
 */
@Expert
@NullMarked
package io.github.quant4j.grammar;

import io.github.quant4j.annotation.Expert;
import org.jspecify.annotations.NullMarked;
