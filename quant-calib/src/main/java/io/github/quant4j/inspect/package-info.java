// SPDX-License-Identifier: Apache-2.0
/** What is in weight files: names, shapes, types, sizes, and the distribution of the values. */
@NullMarked
package io.github.quant4j.inspect;

import org.jspecify.annotations.NullMarked;
