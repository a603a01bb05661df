// SPDX-License-Identifier: Apache-2.0
/**
 * All that this library takes from Apache Commons Math, in one place, because applications on the
 * module path may do without it.
 */
@NullMarked
package io.github.quant4j.commonsmath;

import org.jspecify.annotations.NullMarked;
